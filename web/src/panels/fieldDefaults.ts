/** What a field configuration means where its file says nothing: each panel type has its own colours by default. */

import type { FieldConfig, ThresholdStep } from "../lib/dataFrame";
import type { FieldConfigSource } from "../lib/fieldConfig";
import type { PanelModel } from "./types";

/** Types that tell series apart by colour; all others colour values by thresholds. */
const BY_SERIES = new Set([
  "timeseries",
  "piechart",
  "barchart",
  "histogram",
  "trend",
  "xychart",
  "graph",
  "candlestick",
]);

const THRESHOLDS = {
  mode: "absolute" as const,
  steps: [
    { value: null, color: "green" },
    { value: 80, color: "red" },
  ],
};

/** Single values, whose unit and bounds the first gauges kept among their options. */
const SINGLE_VALUES = new Set(["stat", "gauge", "bargauge"]);

/** The panel's field configuration with the defaults of its type filled in. */
export function withFieldDefaults({ type, fieldConfig, options }: PanelModel): FieldConfigSource {
  const own = fieldConfig as FieldConfigSource | undefined;
  const given = { ...(SINGLE_VALUES.has(type) ? oldOptions(options ?? {}) : {}), ...own?.defaults };
  const mode = BY_SERIES.has(type) ? "palette-classic" : "thresholds";
  const color = given.color?.mode ? given.color : { ...given.color, mode };
  const thresholds = given.thresholds?.steps?.length ? given.thresholds : THRESHOLDS;
  return { ...own, defaults: { ...given, color, thresholds } } as FieldConfigSource;
}

/** `minValue`, `maxValue`, `unit` and a list of `thresholds`, as people still write them by hand. */
function oldOptions({ minValue, maxValue, unit, thresholds }: Record<string, unknown>): Partial<FieldConfig> {
  const found: Partial<FieldConfig> = {};
  if (typeof minValue === "number") found.min = minValue;
  if (typeof maxValue === "number") found.max = maxValue;
  if (typeof unit === "string") found.unit = unit;
  if (Array.isArray(thresholds)) found.thresholds = { mode: "absolute", steps: thresholds as ThresholdStep[] };
  return found;
}
