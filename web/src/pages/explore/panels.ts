/** The panels with which Explore shows an answer. */

import { type DashboardModel, readDashboard } from "../../lib/dashboard/model";

export type Language = "promql" | "logql";
export type Look = "graph" | "table" | "lines";

/** A log query that counts gives numbers, any other gives lines. */
export function givesNumbers(kind: Language, expr: string): boolean {
  return kind === "promql" || !/^\s*(#.*\n\s*)*\{/.test(expr);
}

export function looksOf(kind: Language, expr: string): Look[] {
  return givesNumbers(kind, expr) ? ["graph", "table"] : ["lines"];
}

const legend = {
  displayMode: "table",
  placement: "bottom",
  showLegend: true,
  calcs: ["min", "mean", "max", "lastNotNull"],
};

/** Levels keep their colour, whichever of them occur. */
const LEVEL_COLOURS: [names: string, colour: string][] = [
  ["crit(ical)?|fatal|emerg(ency)?|alert|panic", "purple"],
  ["err(or)?", "red"],
  ["warn(ing)?", "yellow"],
  ["info(rmation)?|notice", "green"],
  ["debug|dbug", "blue"],
  ["trace", "light-blue"],
];

const levelOverrides = LEVEL_COLOURS.map(([names, fixedColor]) => ({
  matcher: { id: "byRegexp", options: `/^(${names})$/i` },
  properties: [{ id: "color", value: { mode: "fixed", fixedColor } }],
}));

/** The stream selector and line filters, counted over time: a graph above the lines. */
function volumeOf(expr: string): string {
  return `sum by (level) (count_over_time(${expr.trim()} [$__interval]))`;
}

export function explorePanels(kind: Language, expr: string, look: Look): DashboardModel {
  const datasource =
    kind === "promql" ? { type: "prometheus", uid: "pharos-metrics" } : { type: "loki", uid: "pharos-logs" };
  const custom = { drawStyle: "line", lineWidth: 1, fillOpacity: 8, showPoints: "auto", spanNulls: false };
  const graph = {
    id: 1,
    type: "timeseries",
    title: "Graph",
    gridPos: { x: 0, y: 0, w: 24, h: 16 },
    datasource,
    targets: [{ refId: "A", expr }],
    options: { legend, tooltip: { mode: "multi", sort: "desc" } },
    fieldConfig: { defaults: { unit: "short", custom, color: { mode: "palette-classic" } }, overrides: [] },
  };
  const table = {
    id: 2,
    type: "table",
    title: "Table",
    gridPos: { x: 0, y: 0, w: 24, h: 16 },
    datasource,
    targets: [{ refId: "A", expr, instant: true, format: "table" }],
    options: { showHeader: true, cellHeight: "sm" },
    fieldConfig: { defaults: { custom: { filterable: true } }, overrides: [] },
  };
  const bars = { drawStyle: "bars", fillOpacity: 80, lineWidth: 0, stacking: { mode: "normal", group: "A" } };
  const volume = {
    ...graph,
    id: 3,
    title: "Lines over time",
    gridPos: { x: 0, y: 0, w: 24, h: 5 },
    targets: [{ refId: "A", expr: volumeOf(expr), legendFormat: "{{level}}" }],
    options: {
      legend: { displayMode: "list", placement: "right", showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
    fieldConfig: {
      defaults: { unit: "short", decimals: 0, min: 0, custom: bars, color: { mode: "palette-classic" } },
      overrides: levelOverrides,
    },
    maxDataPoints: 120,
  };
  const lines = {
    id: 4,
    type: "logs",
    title: "Lines",
    gridPos: { x: 0, y: 5, w: 24, h: 18 },
    datasource,
    targets: [{ refId: "A", expr, maxLines: 1000 }],
    options: { showTime: true, wrapLogMessage: false, sortOrder: "Descending", enableLogDetails: true },
  };
  const panels = expr === "" ? [] : look === "lines" ? [volume, lines] : [look === "table" ? table : graph];
  return readDashboard({ uid: "explore", title: "Explore", panels, graphTooltip: 1 });
}
