/** Time series: lines, bars, points over time, with legend, tooltip, shared crosshair and zoom. */

import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { SeriesView } from "./SeriesView";

export function TimeSeriesPanel(props: PanelProps) {
  const { frames } = usePanelFrames(props);
  return <SeriesView panelProps={props} frames={frames} />;
}
