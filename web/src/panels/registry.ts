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

const timeline = lazy(() => import("./timeline/TimelinePanel"));

export const PANEL_TYPES: readonly PanelType[] = [
  { type: "timeseries", title: "Time series", needsData: true, component: TimeSeriesPanel },
  { type: "stat", title: "Stat", needsData: true, component: StatPanel },
  { type: "gauge", title: "Gauge", needsData: true, component: GaugePanel },
  { type: "bargauge", title: "Bar gauge", needsData: true, component: BarGaugePanel },
  { type: "table", title: "Table", needsData: true, component: TablePanel },
  { type: "logs", title: "Logs", needsData: true, component: LogsPanel },
  { type: "piechart", title: "Pie chart", needsData: true, component: PieChartPanel },
  // What follows is rarer and comes with the first panel of its type.
  { type: "heatmap", title: "Heatmap", needsData: true, component: lazy(() => import("./heatmap/HeatmapPanel")) },
  { type: "state-timeline", title: "State timeline", needsData: true, component: timeline },
  { type: "status-history", title: "Status history", needsData: true, component: timeline },
  { type: "barchart", title: "Bar chart", needsData: true, component: lazy(() => import("./barchart/BarChartPanel")) },
  {
    type: "histogram",
    title: "Histogram",
    needsData: true,
    component: lazy(() => import("./histogram/HistogramPanel")),
  },
  { type: "xychart", title: "XY chart", needsData: true, component: lazy(() => import("./xychart/XyChartPanel")) },
  { type: "trend", title: "Trend", needsData: true, component: lazy(() => import("./trend/TrendPanel")) },
  {
    type: "candlestick",
    title: "Candlestick",
    needsData: true,
    component: lazy(() => import("./candlestick/CandlestickPanel")),
  },
  {
    type: "dashlist",
    title: "Dashboard list",
    needsData: false,
    component: lazy(() => import("./dashlist/DashListPanel")),
  },
  {
    type: "annolist",
    title: "Annotations list",
    needsData: false,
    component: lazy(() => import("./annolist/AnnoListPanel")),
  },
  {
    type: "alertlist",
    title: "Alert list",
    needsData: false,
    component: lazy(() => import("./alertlist/AlertListPanel")),
  },
  // Markdown and its sanitiser come only with the first text panel.
  { type: "text", title: "Text", needsData: false, component: lazy(() => import("./text/TextPanel")) },
];

const byType = new Map(PANEL_TYPES.map((entry) => [entry.type, entry]));

/** Old names, and plugins whose panels became part of Grafana. */
const SUCCESSORS: Record<string, string> = {
  graph: "timeseries",
  newgauge: "gauge",
  radialbar: "gauge",
  "natel-discrete-panel": "state-timeline",
  "flant-statusmap-panel": "status-history",
  "grafana-piechart-panel": "piechart",
  xychart2: "xychart",
  logsnew: "logs",
};

/** Types that are not known are shown as tables of their data. */
export function findPanelType(type: string): PanelType {
  return byType.get(SUCCESSORS[type] ?? type) ?? { type, title: type, needsData: true, component: UnknownPanel };
}
