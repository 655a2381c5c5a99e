/** Options that state timeline and status history share. */

import { numberOption, oneOf } from "../options";
import type { PanelModel } from "../types";

export interface TimelineOptions {
  /** Points stand for themselves instead of lasting until the next one. */
  discrete: boolean;
  mergeValues: boolean;
  showValue: "auto" | "always" | "never";
  align: "left" | "center" | "right";
  /** Share of a row that its bar fills. */
  rowHeight: number;
  /** Share of a column that its box fills. */
  columnWidth: number;
  perPage: number | undefined;
}

export function timelineOptions(panel: PanelModel): TimelineOptions {
  const options = panel.options ?? {};
  const discrete = panel.type === "status-history";
  const perPage = numberOption(options, "perPage");
  return {
    discrete,
    mergeValues: !discrete && options.mergeValues !== false,
    showValue: oneOf(options.showValue, ["auto", "always", "never"], "auto"),
    align: oneOf(options.alignValue, ["left", "center", "right"], "left"),
    rowHeight: Math.min(1, Math.max(0.05, numberOption(options, "rowHeight") ?? 0.9)),
    columnWidth: Math.min(1, Math.max(0.05, numberOption(options, "colWidth") ?? 0.9)),
    perPage: perPage !== undefined && perPage > 0 ? Math.ceil(perPage) : undefined,
  };
}
