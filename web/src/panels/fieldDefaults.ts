/** What a field configuration means where its file says nothing: each panel type has its own colours by default. */

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

/** The panel's field configuration with the defaults of its type filled in. */
export function withFieldDefaults({ type, fieldConfig }: PanelModel): FieldConfigSource {
  const own = fieldConfig as FieldConfigSource | undefined;
  const given = own?.defaults;
  const mode = BY_SERIES.has(type) ? "palette-classic" : "thresholds";
  const color = given?.color?.mode ? given.color : { ...given?.color, mode };
  const thresholds = given?.thresholds?.steps?.length ? given.thresholds : THRESHOLDS;
  return { ...own, defaults: { ...given, color, thresholds } } as FieldConfigSource;
}
