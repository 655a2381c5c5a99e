/** A heatmap's options with their defaults; those of the panel before Grafana 9 are read too. */

import { numberOption, oneOf } from "../options";
import type { PanelModel } from "../types";

export interface HeatmapOptions {
  calculate: boolean;
  calculation: { xBuckets: Record<string, unknown>; yBuckets: Record<string, unknown> };
  color: {
    mode: "scheme" | "opacity";
    scheme: string;
    fill: string;
    scale: "linear" | "exponential";
    exponent: number;
    steps: number;
    reverse: boolean;
    min: number | undefined;
    max: number | undefined;
  };
  yAxis: {
    unit: string | undefined;
    decimals: number | undefined;
    placement: "left" | "right" | "hidden";
    label: string;
    width: number | undefined;
    reverse: boolean;
    min: number | undefined;
    max: number | undefined;
  };
  /** What bucket names mean: the upper bound, the lower one, or nothing but a name. */
  layout: "auto" | "le" | "ge" | "unknown";
  valueName: string;
  cellValues: { unit: string | undefined; decimals: number | undefined };
  cellGap: number;
  cellRadius: number;
  showValue: "auto" | "always" | "never";
  /** Cells at or below `le`, at or above `ge`, are not drawn. */
  filter: { le: number | undefined; ge: number | undefined };
  showLegend: boolean;
  tooltip: { mode: "single" | "multi" | "none"; yHistogram: boolean; showColorScale: boolean };
  exemplarColor: string;
}

type Record_ = Record<string, unknown>;

const record = (value: unknown): Record_ =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record_) : {};
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Values that are nothing but rounding. */
const DEFAULT_LE = 1e-9;
const MAX_STEPS = 128;

export function heatmapOptions(panel: PanelModel): HeatmapOptions {
  const options = record(panel.options);
  const color = record(options.color);
  const yAxis = record(options.yAxis);
  const cells = record(options.cellValues);
  const tooltip = record(options.tooltip);
  const rows = record(options.rowsFrame);
  const filter = record(options.filterValues);
  const calculation = record(options.calculation);
  return {
    calculate: options.calculate === true,
    calculation: { xBuckets: record(calculation.xBuckets), yBuckets: record(calculation.yBuckets) },
    color: colorOptions(color),
    yAxis: {
      unit: text(yAxis.unit) ?? panel.fieldConfig?.defaults?.unit,
      decimals: numberOption(yAxis, "decimals"),
      placement: oneOf(yAxis.axisPlacement, ["left", "right", "hidden"], "left"),
      label: text(yAxis.axisLabel) ?? "",
      width: numberOption(yAxis, "axisWidth"),
      reverse: yAxis.reverse === true,
      min: numberOption(yAxis, "min"),
      max: numberOption(yAxis, "max"),
    },
    layout: oneOf(rows.layout, ["auto", "le", "ge", "unknown"], "auto"),
    valueName: text(rows.value) ?? "Count",
    cellValues: { unit: text(cells.unit), decimals: numberOption(cells, "decimals") },
    cellGap: Math.min(20, Math.max(0, numberOption(options, "cellGap") ?? 1)),
    cellRadius: Math.min(50, Math.max(0, numberOption(options, "cellRadius") ?? 0)),
    showValue: oneOf(options.showValue, ["auto", "always", "never"], "never"),
    filter: {
      le: filter.le === null ? undefined : (numberOption(filter, "le") ?? DEFAULT_LE),
      ge: numberOption(filter, "ge"),
    },
    showLegend: record(options.legend).show !== false,
    tooltip: {
      mode: tooltip.show === false ? "none" : oneOf(tooltip.mode, ["single", "multi", "none"], "single"),
      yHistogram: tooltip.yHistogram === true,
      showColorScale: tooltip.showColorScale === true,
    },
    exemplarColor: text(record(options.exemplars).color) ?? "rgba(255,0,255,0.7)",
  };
}

function colorOptions(color: Record_): HeatmapOptions["color"] {
  return {
    mode: oneOf(color.mode, ["scheme", "opacity"], "scheme"),
    scheme: text(color.scheme) ?? "Oranges",
    fill: text(color.fill) ?? "dark-orange",
    scale: oneOf(color.scale, ["linear", "exponential"], "exponential"),
    exponent: Math.min(10, Math.max(0.01, numberOption(color, "exponent") ?? 0.5)),
    steps: Math.min(MAX_STEPS, Math.max(2, Math.round(numberOption(color, "steps") ?? 64))),
    reverse: color.reverse === true,
    min: numberOption(color, "min"),
    max: numberOption(color, "max"),
  };
}
