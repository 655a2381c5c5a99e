/** filterByRefId: keeps or drops the answers of queries. */

import type { DataFrame } from "../lib/dataFrame";
import { regexOf } from "../lib/fieldConfig/regex";
import type { Transform } from "./types";

export const filterByRefId: Transform = (frames, options) => {
  const include = options.include ? refIdMatcher(String(options.include)) : undefined;
  const exclude = options.exclude ? refIdMatcher(String(options.exclude)) : undefined;
  return frames.filter((frame) => !exclude?.(frame) && (include?.(frame) ?? true));
};

/** One refId, several with bars between them, or an expression in slashes. */
export function refIdMatcher(pattern: string): (frame: DataFrame) => boolean {
  if (pattern.startsWith("/")) {
    return (frame) => regexOf(pattern)?.test(frame.refId ?? "") ?? false;
  }
  const wanted = new Set(pattern.split("|"));
  return (frame) => wanted.has(frame.refId ?? "");
}
