/** heatmap: how many values fall into each cell of a grid over time and value. */

import { type DataFrame, type Field, frameOf, timeFieldOf } from "../lib/dataFrame";
import type { Transform } from "./types";

interface AxisBuckets {
  mode?: string;
  value?: string;
  scale?: { type?: string; log?: number };
}

/** A grid finer than this shows nothing more and costs a second. */
const MAX_CELLS = 200_000;
const DEFAULT_X = 60;
const DEFAULT_Y = 30;

/** Times that a bucket of the x axis may span, ms. */
const TIME_STEPS = [
  1, 5, 10, 50, 100, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5,
  432e5, 864e5, 1728e5, 6048e5, 2592e6,
];

export const heatmap: Transform = (frames, options) => {
  const cells = heatmapCells(frames, (options.xBuckets ?? {}) as AxisBuckets, (options.yBuckets ?? {}) as AxisBuckets);
  return cells ? [cells] : [];
};

/** Sparse cells as columns xMin, xMax, yMin, yMax, count; undefined where there is nothing to count. */
export function heatmapCells(frames: readonly DataFrame[], x: AxisBuckets, y: AxisBuckets): DataFrame | undefined {
  const points = pointsOf(frames);
  if (points.times.length === 0) {
    return undefined;
  }
  const xs = timeBuckets(points.times, x);
  const ys = valueBuckets(points.values, y);
  const counts = new Map<string, [xIndex: number, yIndex: number, count: number]>();
  points.times.forEach((time, index) => {
    const place: [number, number] = [xs.indexOf(time), ys.indexOf(points.values[index] as number)];
    const cell = counts.get(`${place}`);
    if (cell) {
      cell[2] += 1;
    } else if (counts.size < MAX_CELLS && Number.isFinite(place[1])) {
      counts.set(`${place}`, [...place, 1]);
    }
  });
  const cells = [...counts.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const column = (name: string, type: Field["type"], values: number[], config = {}): Field => ({
    name,
    type,
    config,
    values,
  });
  const { unit } = points;
  return frameOf(
    [
      column(
        "xMin",
        "time",
        cells.map(([at]) => xs.lower(at)),
      ),
      column(
        "xMax",
        "time",
        cells.map(([at]) => xs.lower(at + 1)),
      ),
      column(
        "yMin",
        "number",
        cells.map(([, at]) => ys.lower(at)),
        { unit },
      ),
      column(
        "yMax",
        "number",
        cells.map(([, at]) => ys.lower(at + 1)),
        { unit },
      ),
      column(
        "Count",
        "number",
        cells.map(([, , count]) => count),
      ),
    ],
    { meta: { kind: "heatmap-cells" } },
  );
}

function pointsOf(frames: readonly DataFrame[]): { times: number[]; values: number[]; unit: string | undefined } {
  const times: number[] = [];
  const values: number[] = [];
  let unit: string | undefined;
  for (const frame of frames) {
    const time = timeFieldOf(frame);
    for (const field of time ? frame.fields.filter(({ type }) => type === "number") : []) {
      unit ??= field.config.unit;
      field.values.forEach((value, row) => {
        const at = time?.values[row];
        if (typeof value === "number" && Number.isFinite(value) && typeof at === "number") {
          times.push(at);
          values.push(value);
        }
      });
    }
  }
  return { times, values, unit };
}

interface Buckets {
  indexOf: (value: number) => number;
  /** Where the bucket of an index begins. */
  lower: (index: number) => number;
}

const linear = (size: number): Buckets => ({
  indexOf: (value) => Math.floor(value / size + 1e-9),
  lower: (index) => index * size,
});

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

const SECONDS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** `30s` or bare milliseconds. */
function duration(text: string | undefined): number | undefined {
  const [, number, unit = "ms"] = /^\s*([\d.]+)\s*(ms|s|m|h|d|w)?\s*$/.exec(text ?? "") ?? [];
  const size = Number(number) * (SECONDS[unit] ?? 1);
  return size > 0 ? size : undefined;
}

function timeBuckets(times: readonly number[], { mode, value }: AxisBuckets): Buckets {
  const [low, high] = extent(times);
  const fixed = mode === "size" ? duration(value) : undefined;
  const count = mode === "count" ? Number(value) || DEFAULT_X : DEFAULT_X;
  const wanted = (high - low) / Math.min(1000, Math.max(1, count));
  const size = fixed ?? TIME_STEPS.find((step) => step >= wanted) ?? Math.max(1, wanted);
  return linear(Math.max(size, (high - low) / 2000, 1));
}

function valueBuckets(values: readonly number[], { mode, value, scale }: AxisBuckets): Buckets {
  if (scale?.type === "log") {
    return logarithmic(scale.log === 10 ? 10 : 2, mode === "size" ? 1 : Number(value) || 1);
  }
  const [low, high] = extent(values);
  const given = Number(value);
  const count = mode === "count" && given > 0 ? Math.min(500, given) : DEFAULT_Y;
  const size = mode === "size" && given > 0 ? given : niceStep((high - low || Math.abs(high) || 1) / count);
  return linear(Math.max(size, (high - low) / 1000));
}

/** `splits` buckets a power. */
function logarithmic(base: number, splits: number): Buckets {
  const parts = Math.min(20, Math.max(1, Math.round(splits)));
  return {
    indexOf: (value) => (value > 0 ? Math.floor((Math.log(value) / Math.log(base)) * parts + 1e-9) : Number.NaN),
    lower: (index) => base ** (index / parts),
  };
}

function niceStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= wanted) ?? 10) * power;
}
