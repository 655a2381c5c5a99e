/** Single values for stat, gauge, bar gauge and pie: reduced columns, or every row. */

import type { DataFrame, DisplayValue, Field } from "../../lib/dataFrame";
import { timeFieldOf } from "../../lib/dataFrame";
import { displayProcessor, fieldDisplayName } from "../../lib/fieldConfig";
import { fieldMatcher } from "../../lib/fieldConfig/matchers";
import { reduceBy, reduceField } from "../../lib/reduce";
import type { ReduceOptions } from "../options";
import type { PanelProps } from "../types";

export interface FieldValue {
  /** Unique within the panel. */
  key: string;
  title: string;
  display: DisplayValue;
  field: Field;
  frame: DataFrame;
  /** Set where every row is a value of its own. */
  row?: number;
  /** The column over time, where it has one. */
  trend?: { times: readonly number[]; values: readonly (number | null)[] };
  /** From the first to the last value, percent. */
  changePercent?: number;
}

type Context = Pick<PanelProps, "theme" | "timeZone">;

/** Every value that the reduce options ask for, in the order of the data. */
export function fieldValues(frames: readonly DataFrame[], options: ReduceOptions, context: Context): FieldValue[] {
  const matcher = options.fields ? fieldMatcher("byRegexp", options.fields) : fieldMatcher("numeric", undefined);
  const values: FieldValue[] = [];
  frames.forEach((frame, frameIndex) => {
    frame.fields.forEach((field, fieldIndex) => {
      if (values.length >= options.limit && options.values) {
        return;
      }
      if (!matcher?.(field, frame, frames)) {
        return;
      }
      const key = `${frameIndex}/${fieldIndex}`;
      if (options.values) {
        values.push(...rowValues(frame, field, { key, first: values.length, limit: options.limit }, context));
      } else {
        values.push(...calcValues(frames, frame, field, options.calcs, key));
      }
    });
  });
  return values;
}

function calcValues(
  frames: readonly DataFrame[],
  frame: DataFrame,
  field: Field,
  calcs: readonly string[],
  key: string,
): FieldValue[] {
  const results = reduceField(field, calcs);
  const times = timeFieldOf(frame)?.values as readonly number[] | undefined;
  const trend =
    times && times.length > 1 && field.type === "number"
      ? { times, values: field.values as readonly (number | null)[] }
      : undefined;
  const change = reduceBy(field, "diffperc");
  return calcs.map((calc) => ({
    key: `${key}/${calc}`,
    title: fieldDisplayName(field, frame, frames),
    display: field.display?.(results[calc]) ?? { text: String(results[calc] ?? ""), numeric: Number.NaN, color: "" },
    field,
    frame,
    trend,
    changePercent: typeof change === "number" && Number.isFinite(change) ? change : undefined,
  }));
}

/** Each row takes its own colour of the palette and is named by the texts that stand beside it. */
function rowValues(
  frame: DataFrame,
  field: Field,
  place: { key: string; first: number; limit: number },
  context: Context,
): FieldValue[] {
  const rows = Math.min(frame.length, place.limit - place.first);
  return Array.from({ length: Math.max(0, rows) }, (_, row) => {
    const title = rowTitle(frame, field, row);
    const state = { ...field.state, seriesIndex: place.first + row, displayName: title };
    const display = displayProcessor({ ...field, state }, context);
    return { key: `${place.key}/${row}`, title, display: display(field.values[row]), field, frame, row };
  });
}

function rowTitle(frame: DataFrame, field: Field, row: number): string {
  if (field.config.displayName) {
    return field.config.displayName;
  }
  const others = frame.fields.filter((other) => other !== field);
  const texts = others
    .filter((other) => other.type === "string")
    .map((other) => other.display?.(other.values[row]).text ?? String(other.values[row] ?? ""))
    .filter((text) => text.length > 0);
  const numeric = others.some((other) => other.type === "number");
  return [...texts, ...(numeric || texts.length === 0 ? [fieldDisplayName(field, frame)] : [])].join(" ");
}

/** Bounds for gauges: where data say nothing useful, those that the unit suggests. */
export function gaugeRange({ field, display }: FieldValue): { min: number; max: number } {
  const { unit } = field.config;
  const full = unit === "percentunit" ? 1 : 100;
  const isPercent = unit === "percent" || unit === "percentunit";
  const found = field.state?.range;
  const min =
    field.config.min ?? (isPercent ? 0 : Math.min(found?.min ?? 0, found?.max === found?.min ? 0 : (found?.min ?? 0)));
  const value = Number.isFinite(display.numeric) ? display.numeric : min;
  const max =
    field.config.max ?? (isPercent ? full : found?.max !== found?.min ? (found?.max ?? full) : Math.max(full, value));
  return max > min ? { min, max } : { min, max: min + 1 };
}
