/** The steps of expressions beside arithmetic: reduce, resample, threshold. */

import type { ResolvedRange } from "../time";
import type { Item, Value } from "./value";

const NAN = Number.NaN;

const REDUCERS: Record<string, (values: Float64Array) => number> = {
  mean: (v) => (v.length === 0 ? NAN : sum(v) / v.length),
  sum: (v) => sum(v),
  min: (v) => (v.length === 0 ? NAN : v.reduce((a, b) => (Number.isNaN(b) || b < a ? b : a))),
  max: (v) => (v.length === 0 ? NAN : v.reduce((a, b) => (Number.isNaN(b) || b > a ? b : a))),
  count: (v) => v.length,
  last: (v) => v[v.length - 1] ?? NAN,
  median: (v) => median(v),
};

const sum = (v: Float64Array) => v.reduce((a, b) => a + b, 0);

function median(values: Float64Array): number {
  if (values.length === 0 || values.some(Number.isNaN)) return NAN;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? NAN) : ((sorted[middle - 1] ?? NAN) + (sorted[middle] ?? NAN)) / 2;
}

export interface ReduceStep {
  reducer: string;
  /** What happens to values that are no numbers: `""` keeps them, `dropNN` drops, `replaceNN` replaces them. */
  mode: string;
  replaceWith: number;
}

export function reduce(value: Value, { reducer, mode, replaceWith }: ReduceStep): Value {
  if (value.kind === "number") return value;
  const run = REDUCERS[reducer === "avg" ? "mean" : reducer];
  if (!run) throw new Error(`the expression reduces by “${reducer}”, which is not known`);
  const items = value.items.map(({ labels, times, values }): Item => {
    let kept = values;
    if (mode === "dropNN") kept = values.filter((v) => Number.isFinite(v));
    if (mode === "replaceNN") kept = values.map((v) => (Number.isFinite(v) ? v : replaceWith));
    return { labels, times: times.slice(-1), values: Float64Array.of(run(kept)) };
  });
  return { kind: "number", items };
}

export interface ResampleStep {
  windowMs: number;
  downsampler: string;
  /** `pad` repeats the value before, `backfilling` the one after, `fillna` leaves a gap. */
  upsampler: string;
}

/** More points than a screen has. */
const MAX_POINTS = 11_000;

export function resample(value: Value, range: ResolvedRange, step: ResampleStep): Value {
  const { windowMs, downsampler, upsampler } = step;
  if (value.kind === "number") throw new Error("the expression resamples a number, which has no times");
  const run = REDUCERS[downsampler];
  if (!run) throw new Error(`the expression resamples by “${downsampler}”, which is not known`);
  if (!(windowMs > 0)) throw new Error("the expression resamples without a window");
  const count = Math.floor((range.toMs - range.fromMs) / windowMs) + 1;
  if (count > MAX_POINTS) throw new Error("the expression's window is too short for this range");
  const grid = Float64Array.from({ length: count }, (_, i) => range.fromMs + i * windowMs);
  const items = value.items.map(({ labels, times, values }): Item => {
    let next = 0;
    const out = grid.map((at) => {
      const start = next;
      while (next < times.length && (times[next] ?? 0) <= at) next += 1;
      if (next > start) return run(values.slice(start, next));
      if (upsampler === "pad") return values[next - 1] ?? NAN;
      return upsampler === "backfilling" ? (values[next] ?? NAN) : NAN;
    });
    return { labels, times: grid, values: out };
  });
  return { kind: "series", items };
}

export interface ThresholdStep {
  type: string;
  params: number[];
}

export function threshold(value: Value, { type, params }: ThresholdStep): Value {
  const [a = 0, b = 0] = params;
  const tests: Record<string, (v: number) => boolean> = {
    gt: (v) => v > a,
    lt: (v) => v < a,
    gte: (v) => v >= a,
    lte: (v) => v <= a,
    eq: (v) => v === a,
    ne: (v) => v !== a,
    within_range: (v) => v > a && v < b,
    outside_range: (v) => v < a || v > b,
    within_range_included: (v) => v >= a && v <= b,
    outside_range_included: (v) => v <= a || v >= b,
  };
  const test = tests[type];
  if (!test) throw new Error(`the expression's threshold “${type}” is not known`);
  const items = value.items.map((item) => ({ ...item, values: item.values.map((v) => (test(v) ? 1 : 0)) }));
  return { kind: value.kind, items };
}
