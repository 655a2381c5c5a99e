/** Reducing a column to one value: last, mean, max and the rest of the calculations that panels offer. */

import type { Field } from "./dataFrame";

export interface ReducerInfo {
  id: string;
  name: string;
  /** The result has the column's unit. */
  keepsUnit: boolean;
}

const NAMES: Record<string, string> = {
  lastNotNull: "Last *",
  last: "Last",
  firstNotNull: "First *",
  first: "First",
  min: "Min",
  max: "Max",
  mean: "Mean",
  median: "Median",
  variance: "Variance",
  stdDev: "StdDev",
  sum: "Total",
  count: "Count",
  countAll: "Count all",
  range: "Range",
  delta: "Delta",
  step: "Step",
  diff: "Difference",
  logmin: "Min (above zero)",
  allIsZero: "All Zeros",
  allIsNull: "All Nulls",
  changeCount: "Change Count",
  distinctCount: "Distinct Count",
  diffperc: "Difference percent",
  allValues: "All values",
  uniqueValues: "All unique values",
};

const ALIASES: Record<string, string> = { current: "lastNotNull", avg: "mean", total: "sum" };

const UNITLESS = new Set([
  "count",
  "countAll",
  "allIsNull",
  "changeCount",
  "distinctCount",
  "diffperc",
  "allValues",
  "uniqueValues",
]);

/** The id under which a reducer is known; undefined for one that is not. */
export function reducerId(id: string): string | undefined {
  const known = ALIASES[id] ?? id;
  return Object.hasOwn(NAMES, known) || percentileOf(known) !== undefined ? known : undefined;
}

export function reducerInfo(id: string): ReducerInfo | undefined {
  const known = reducerId(id);
  if (known === undefined) {
    return undefined;
  }
  return { id: known, name: NAMES[known] ?? percentileName(known), keepsUnit: !UNITLESS.has(known) };
}

export function reducerIds(): string[] {
  return [...Object.keys(NAMES), ...Array.from({ length: 99 }, (_, index) => `p${index + 1}`)];
}

function percentileOf(id: string): number | undefined {
  return /^p[1-9]\d?$/.test(id) ? Number(id.slice(1)) : undefined;
}

function percentileName(id: string): string {
  const n = Number(id.slice(1));
  const ordinal = n > 3 && n < 21 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ordinal} %`;
}

export type Calcs = Record<string, unknown>;

interface Standard {
  first: unknown;
  last: unknown;
  firstNotNull: unknown;
  lastNotNull: unknown;
  count: number;
  sum: number;
  min: number | null;
  max: number | null;
  logmin: number;
  mean: number | null;
  range: number | null;
  delta: number;
  step: number | null;
  diff: number | null;
  diffperc: number;
  allIsNull: boolean;
  allIsZero: boolean;
}

const EMPTY_RESULTS: Record<string, unknown> = { sum: 0, count: 0, countAll: 0, allIsZero: false, allIsNull: true };

const standards = new WeakMap<readonly unknown[], Standard>();

/** Calculates the reducers asked for; unknown ids are left out. */
export function reduceField(field: Field, ids: readonly string[]): Calcs {
  const results: Calcs = {};
  for (const asked of ids) {
    const id = reducerId(asked);
    if (id !== undefined) {
      results[asked] = field.values.length === 0 ? (EMPTY_RESULTS[id] ?? null) : reduceOne(field, id);
    }
  }
  return results;
}

/** One reducer's result. */
export function reduceBy(field: Field, id: string): unknown {
  return reduceField(field, [id])[id];
}

function reduceOne(field: Field, id: string): unknown {
  const { values } = field;
  const percentile = percentileOf(id);
  if (percentile !== undefined) {
    const sorted = values.filter((value) => value !== null).sort((a, b) => Number(a) - Number(b));
    return sorted[Math.round((sorted.length - 1) * (percentile / 100))];
  }
  switch (id) {
    case "first":
      return values[0];
    case "last":
      return values[values.length - 1];
    case "firstNotNull":
      return values.find(present) ?? null;
    case "lastNotNull":
      return values.findLast(present) ?? null;
    case "median":
      return median(values);
    case "variance":
      return variance(field);
    case "stdDev":
      return Math.sqrt(variance(field));
    case "countAll":
      return values.length;
    case "changeCount":
      return changeCount(values);
    case "distinctCount":
      return new Set(values.filter((value) => value !== null)).size;
    case "allValues":
      return [...values];
    case "uniqueValues":
      return [...new Set(values)];
    default:
      return standard(field)[id as keyof Standard];
  }
}

const present = (value: unknown) => value !== null && value !== undefined && !Number.isNaN(value);

function median(values: readonly unknown[]): number {
  const sorted = values.filter((value) => value !== null && value !== undefined) as number[];
  sorted.sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 0 ? ((sorted[middle - 1] as number) + upper) / 2 : upper;
}

/** Welford's running variance of the population. */
function variance(field: Field): number {
  if (field.type !== "number" && field.type !== "time") {
    return 0;
  }
  let seen = 0;
  let mean = 0;
  let squares = 0;
  for (const value of field.values as (number | null)[]) {
    if (value === null || value === undefined) {
      continue;
    }
    seen += 1;
    const before = mean;
    mean += (value - before) / seen;
    squares += (value - before) * (value - mean);
  }
  return seen > 0 ? squares / seen : 0;
}

function changeCount(values: readonly unknown[]): number {
  const seen = values.filter((value) => value !== null);
  return seen.reduce<number>((count, value, index) => (index > 0 && value !== seen[index - 1] ? count + 1 : count), 0);
}

/** All one-pass results at once, kept as long as the column lives. */
function standard(field: Field): Standard {
  let result = standards.get(field.values);
  if (result === undefined) {
    result = field.type === "number" || field.type === "time" ? numericPass(field.values) : loosePass(field.values);
    standards.set(field.values, result);
  }
  return result;
}

function blank(values: readonly unknown[]): Standard {
  return {
    first: values[0],
    last: values[values.length - 1],
    firstNotNull: null,
    lastNotNull: null,
    count: 0,
    sum: 0,
    min: null,
    max: null,
    logmin: Number.MAX_VALUE,
    mean: null,
    range: null,
    delta: 0,
    step: null,
    diff: null,
    diffperc: 0,
    allIsNull: true,
    allIsZero: true,
  };
}

function numericPass(values: readonly unknown[]): Standard {
  const result = blank(values);
  let previous: number | null = null;
  let rising = true;
  let numbers = 0;
  let [min, max, step] = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_VALUE];
  for (const raw of values) {
    const value = raw as number | null | undefined;
    if (value === null || value === undefined) {
      continue;
    }
    result.count += 1;
    if (Number.isNaN(value)) {
      continue;
    }
    numbers += 1;
    result.sum += value;
    if (previous === null) {
      result.firstNotNull = value;
    } else {
      const change: number = value - previous;
      step = Math.min(step, change);
      // After a reset the first rise is not counted, only what follows it.
      if (change < 0) {
        rising = false;
      } else {
        result.delta += rising ? change : 0;
        rising = true;
      }
    }
    if (value > max) max = value;
    if (value < min) min = value;
    if (value > 0 && value < result.logmin) result.logmin = value;
    if (value !== 0) result.allIsZero = false;
    previous = value;
  }
  result.allIsNull = numbers === 0;
  result.lastNotNull = previous;
  result.min = min === Number.MAX_VALUE ? null : min;
  result.max = max === -Number.MAX_VALUE ? null : max;
  result.step = step === Number.MAX_VALUE ? null : step;
  return derived(result, numbers);
}

function derived(result: Standard, numbers: number): Standard {
  if (numbers > 0) {
    result.mean = result.sum / numbers;
  }
  if (result.allIsNull) {
    result.allIsZero = false;
  }
  if (result.min !== null && result.max !== null) {
    result.range = result.max - result.min;
  }
  if (typeof result.firstNotNull === "number" && typeof result.lastNotNull === "number") {
    result.diff = result.lastNotNull - result.firstNotNull;
    result.diffperc = (result.diff / result.firstNotNull) * 100;
  }
  return result;
}

/** Texts and truths have ends and a count, no sums. */
function loosePass(values: readonly unknown[]): Standard {
  const result = blank(values);
  for (const value of values) {
    if (value === null || value === undefined) {
      continue;
    }
    result.count += 1;
    if (!Number.isNaN(value)) {
      result.firstNotNull ??= value;
      result.lastNotNull = value;
    }
  }
  return derived(result, 0);
}
