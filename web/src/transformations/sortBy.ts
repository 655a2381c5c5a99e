/** sortBy: rows in the order of one column. */

import { type DataFrame, type Field, isTrend } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import type { Transform } from "./types";

interface SortField {
  field?: string;
  desc?: boolean;
}

export const sortBy: Transform = (frames, options) => {
  const [rule] = (options.sort ?? []) as SortField[];
  if (rule === undefined) {
    return frames;
  }
  return frames.map((frame) => {
    const index = frame.fields.findIndex((field) => fieldDisplayName(field, frame) === rule.field);
    return index < 0 ? frame : sortedBy(frame, index, rule.desc === true);
  });
};

/** The frame with its rows in the order of a column; equal rows keep their order. */
export function sortedBy(frame: DataFrame, fieldIndex: number, descending: boolean): DataFrame {
  const key = frame.fields[fieldIndex];
  if (key === undefined) {
    return frame;
  }
  const compare = comparer(key);
  const order = Array.from({ length: frame.length }, (_, row) => row);
  order.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
  return {
    ...frame,
    fields: frame.fields.map((field) => ({
      ...field,
      state: undefined,
      values: order.map((row) => field.values[row]),
    })),
  };
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Compares two rows by one column: missing values come first. */
export function comparer(field: Field): (a: number, b: number) => number {
  const { values, type } = field;
  if (type === "frame") {
    return (a, b) => compareNumbers(trendValue(values[a]), trendValue(values[b]));
  }
  if (type === "number" || type === "time" || type === "boolean") {
    return (a, b) => compareNumbers(values[a], values[b]);
  }
  return (a, b) => collator.compare(textOf(values[a]), textOf(values[b]));
}

const trendValue = (value: unknown) => (isTrend(value) ? value.value : null);

const textOf = (value: unknown) => (value === null || value === undefined ? "" : String(value));

function compareNumbers(a: unknown, b: unknown): number {
  const [x, y] = [rank(a), rank(b)];
  return x === y ? 0 : x < y ? -1 : 1;
}

function rank(value: unknown): number {
  const number = value === null || value === undefined ? Number.NaN : Number(value);
  return Number.isNaN(number) ? Number.NEGATIVE_INFINITY : number;
}
