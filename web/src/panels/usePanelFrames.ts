/** The data of a panel as its type draws it: converted, transformed, configured. */

import { useMemo } from "react";
import type { Frame } from "../api/frames";
import type { DataFrame } from "../lib/dataFrame";
import { applyFieldConfig } from "../lib/fieldConfig";
import { applyTransformations } from "../transformations/registry";
import { toDataFrames } from "./dataFrames";
import { withFieldDefaults } from "./fieldDefaults";
import type { PanelModel, PanelProps } from "./types";

export interface PanelData {
  frames: DataFrame[];
  /** Transformations that are not known: their step was left out. */
  unknownTransformations: string[];
}

/** Recalculated only when data, model, theme or variables change. */
export function usePanelFrames(
  props: Pick<PanelProps, "panel" | "frames" | "theme" | "timeZone" | "interpolate">,
): PanelData {
  const { panel, frames, theme, timeZone, interpolate } = props;
  return useMemo(
    () => panelFrames(panel, frames, { theme, timeZone, interpolate }),
    [panel, frames, theme, timeZone, interpolate],
  );
}

/** The same outside of a component: for the inspector and for exports. */
export function panelFrames(
  panel: PanelModel,
  frames: readonly Frame[],
  context: Pick<PanelProps, "theme" | "timeZone" | "interpolate">,
): PanelData {
  const transformed = applyTransformations(toDataFrames(frames), panel.transformations, context);
  return {
    frames: applyFieldConfig(transformed.frames, withFieldDefaults(panel), context),
    unknownTransformations: transformed.unknown,
  };
}
