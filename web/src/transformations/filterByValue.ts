/** filterByValue: keeps or drops rows by what stands in them. */

import type { DataFrame } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { regexOf } from "../lib/fieldConfig/regex";
import type { Transform } from "./types";

interface ValueFilter {
  fieldName: string;
  config: { id: string; options?: { value?: unknown; from?: unknown; to?: unknown } };
}

type Test = (value: unknown) => boolean;

export const filterByValue: Transform = (frames, options) => {
  const filters = (options.filters ?? []) as ValueFilter[];
  if (!Array.isArray(filters) || filters.length === 0) {
    return frames;
  }
  const all = options.match === "all";
  const include = (options.type ?? "include") === "include";
  return frames.map((frame) => filtered(frame, frames, filters, { all, include }));
};

function filtered(
  frame: DataFrame,
  frames: readonly DataFrame[],
  filters: readonly ValueFilter[],
  { all, include }: { all: boolean; include: boolean },
): DataFrame {
  const tests = filters.map(({ fieldName, config }) => {
    const field = frame.fields.findLast((candidate) => fieldDisplayName(candidate, frame, frames) === fieldName);
    const test = testOf(config);
    // A column that is not there matches nothing.
    return (row: number) => (field ? test(field.values[row]) : false);
  });
  const rows: number[] = [];
  for (let row = 0; row < frame.length; row++) {
    const matches = all ? tests.every((test) => test(row)) : tests.some((test) => test(row));
    if (matches === include) {
      rows.push(row);
    }
  }
  const fields = frame.fields.map((field) => ({
    ...field,
    state: undefined,
    values: rows.map((row) => field.values[row]),
  }));
  return { ...frame, fields, length: rows.length };
}

const missing = (value: unknown) => value === null || value === undefined;

/** The test of a value matcher's id; an unknown one matches nothing. */
function testOf({ id, options = {} }: ValueFilter["config"]): Test {
  const { value: wanted } = options;
  const numeric = (holds: (number: number, bound: number) => boolean): Test => {
    const bound = Number(wanted);
    return (value) => !missing(value) && !Number.isNaN(Number(value)) && holds(Number(value), bound);
  };
  switch (id) {
    case "greater":
      return numeric((number, bound) => number > bound);
    case "greaterOrEqual":
      return numeric((number, bound) => number >= bound);
    case "lower":
      return numeric((number, bound) => number < bound);
    case "lowerOrEqual":
      return numeric((number, bound) => number <= bound);
    case "between":
      return (value) => Number(value) > Number(options.from) && Number(value) < Number(options.to);
    case "equal":
      // biome-ignore lint/suspicious/noDoubleEquals: files hold numbers as texts.
      return (value) => value == wanted;
    case "notEqual":
      // biome-ignore lint/suspicious/noDoubleEquals: files hold numbers as texts.
      return (value) => value != wanted;
    case "isNull":
      return missing;
    case "isNotNull":
      return (value) => !missing(value);
    case "regex":
      return (value) => regexOf(String(wanted ?? ""))?.test(String(value)) ?? false;
    case "substring":
      return (value) => contains(value, wanted);
    case "notSubstring":
      return (value) => !contains(value, wanted);
    default:
      return () => false;
  }
}

function contains(value: unknown, wanted: unknown): boolean {
  return missing(value)
    ? false
    : String(value)
        .toLowerCase()
        .includes(String(wanted ?? "").toLowerCase());
}
