/** Every panel type, in one list. */

import { lazy } from "react";
import { BarGaugePanel } from "./bargauge/BarGaugePanel";
import { GaugePanel } from "./gauge/GaugePanel";
import { LogsPanel } from "./logs/LogsPanel";
import { PieChartPanel } from "./piechart/PieChartPanel";
import { StatPanel } from "./stat/StatPanel";
import { TablePanel } from "./table/TablePanel";
import { TimeSeriesPanel } from "./timeseries/TimeSeriesPanel";
import type { PanelType } from "./types";
import { UnknownPanel } from "./unknown/UnknownPanel";

export const PANEL_TYPES: readonly PanelType[] = [
  { type: "timeseries", title: "Time series", needsData: true, component: TimeSeriesPanel },
  { type: "stat", title: "Stat", needsData: true, component: StatPanel },
  { type: "gauge", title: "Gauge", needsData: true, component: GaugePanel },
  { type: "bargauge", title: "Bar gauge", needsData: true, component: BarGaugePanel },
  { type: "table", title: "Table", needsData: true, component: TablePanel },
  { type: "logs", title: "Logs", needsData: true, component: LogsPanel },
  { type: "piechart", title: "Pie chart", needsData: true, component: PieChartPanel },
  // Markdown and its sanitiser come only with the first text panel.
  { type: "text", title: "Text", needsData: false, component: lazy(() => import("./text/TextPanel")) },
];

const byType = new Map(PANEL_TYPES.map((entry) => [entry.type, entry]));

/** Types that are not known are shown as tables of their data. */
export function findPanelType(type: string): PanelType {
  return byType.get(type) ?? { type, title: type, needsData: true, component: UnknownPanel };
}
