/** What a transformation is: frames in, frames out; the given ones stay as they are. */

import type { DataFrame } from "../lib/dataFrame";

export interface TransformContext {
  timeZone?: string;
}

export type Transform = (
  frames: DataFrame[],
  options: Record<string, unknown>,
  context: TransformContext,
) => DataFrame[];

/** The refId of a frame made of several. */
export function joinedRefId(id: string, frames: readonly DataFrame[]): string {
  return `${id}-${frames.map((frame) => frame.refId).join("-")}`;
}
