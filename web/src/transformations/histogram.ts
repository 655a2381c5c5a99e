/** histogram: how many values fall into each of a row of equal buckets. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import type { Transform } from "./types";

const DEFAULT_BUCKETS = 30;
/** Buckets of a size that would make more than this are not made. */
const MAX_BUCKETS = 10_000;

/** Steps that people read easily, 1e-9 to 5e9; those below one have no 5 in the tens, as Grafana has it. */
const SIZES = bucketSizes();

function bucketSizes(): number[] {
  const sizes: number[] = [];
  for (let power = -9; power <= 9; power++) {
    for (const step of [1, 2, 2.5, 4, 5]) {
      // 2.5 is left out where it would be no whole number of ones.
      if (!(power === 0 && step === 2.5)) {
        sizes.push(Number(`${step}e${power}`));
      }
    }
  }
  return sizes;
}

export const histogram: Transform = (frames, options) => {
  const result = histogramOf(frames, {
    bucketSize: positive(options.bucketSize),
    bucketOffset: Number.parseFloat(String(options.bucketOffset ?? 0)) || 0,
    combine: options.combine === true,
  });
  return result ? [{ ...result, refId: "histogram" }] : [];
};

const positive = (value: unknown): number | undefined => {
  const number = Number.parseFloat(String(value));
  return number > 0 ? number : undefined;
};

export interface HistogramOptions {
  bucketSize?: number;
  /** About how many buckets where no size is given. */
  bucketCount?: number;
  bucketOffset: number;
  /** All series in one histogram. */
  combine: boolean;
}

/** Columns `xMin`, `xMax` and a column of counts a series; undefined where there are no numbers. */
export function histogramOf(frames: readonly DataFrame[], options: HistogramOptions): DataFrame | undefined {
  const columns = frames.flatMap((frame) => frame.fields.filter((field) => field.type === "number").map(numbers));
  if (columns.length === 0) {
    return undefined;
  }
  const size = options.bucketSize ?? fittingSize(columns, options.bucketCount ?? DEFAULT_BUCKETS);
  const bucketOf = (value: number) =>
    rounded(Math.floor((value - options.bucketOffset) / size) * size + options.bucketOffset);
  const counts = columns.map(({ values }) => counted(values, bucketOf));
  const buckets = [...new Set(counts.flatMap((column) => [...column.keys()]))].sort((a, b) => a - b);
  if (buckets.length > MAX_BUCKETS) {
    return undefined;
  }
  const fields = columns.map(
    ({ field }, index): Field => ({
      ...field,
      state: { seriesIndex: index },
      config: { ...field.config, unit: field.config.unit === "short" ? "short" : undefined },
      values: buckets.map((bucket) => counts[index]?.get(bucket) ?? 0),
    }),
  );
  return frameOf([...bounds(columns, buckets, size), ...(options.combine ? [combined(fields)] : fields)]);
}

interface Column {
  field: Field;
  values: number[];
}

/** A number as "no value" counts the missing ones. */
function numbers(field: Field): Column {
  const instead = Number(field.config.noValue ?? Number.NaN);
  const all = field.values as (number | null | undefined)[];
  const values = Number.isNaN(instead) ? all : all.map((value) => value ?? instead);
  return { field, values: values.filter((value): value is number => Number.isFinite(value)) };
}

function fittingSize(columns: readonly Column[], count: number): number {
  const all = Float64Array.from(columns.flatMap(({ values }) => values)).sort();
  let smallest = all.length === 1 ? 1 : Number.POSITIVE_INFINITY;
  for (let index = 1; index < all.length; index++) {
    const step = (all[index] as number) - (all[index - 1] as number);
    smallest = step > 0 ? Math.min(smallest, step) : smallest;
  }
  const wanted = ((all[all.length - 1] ?? 0) - (all[0] ?? 0)) / count;
  return SIZES.find((size) => wanted < size && size >= smallest) ?? (wanted > 0 ? wanted : 1);
}

const rounded = (value: number) => Number(value.toFixed(9));

function counted(values: readonly number[], bucketOf: (value: number) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) {
    const bucket = bucketOf(value);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return counts;
}

/** The bounds are in the unit of what was counted. */
function bounds(columns: readonly Column[], buckets: number[], size: number): Field[] {
  const decimals = (/\.(\d+)$/.exec(String(size))?.[1] ?? "").length;
  const given = columns.find(({ field }) => field.config.unit)?.field.config ?? {};
  const { displayName: _, displayNameFromDS: __, ...unit } = given;
  const config = decimals > 0 ? { ...unit, decimals } : unit;
  return [
    { name: "xMin", type: "number", config, values: buckets },
    { name: "xMax", type: "number", config, values: buckets.map((bucket) => bucket + size) },
  ];
}

function combined(fields: readonly Field[]): Field {
  const [first] = fields as [Field];
  const sums = first.values.map((_, row) => fields.reduce((sum, field) => sum + Number(field.values[row]), 0));
  const config = { ...first.config, displayName: undefined, displayNameFromDS: undefined };
  return { ...first, name: "count", labels: undefined, config: { ...config, displayName: "Count" }, values: sums };
}
