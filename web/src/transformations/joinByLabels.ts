/** joinByLabels: a table with a row per combination of labels and a column per value of one label. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import type { Transform } from "./types";

interface Row {
  labels: string[];
  values: Map<string, readonly unknown[]>;
}

export const joinByLabels: Transform = (frames, options) => {
  const valueLabel = String(options.value ?? "");
  const series = frames.flatMap((frame) => frame.fields.filter((field) => field.type !== "time" && field.labels));
  if (!valueLabel || series.length === 0) {
    return frames;
  }
  const wanted = Array.isArray(options.join) && options.join.length > 0 ? options.join.map(String) : undefined;
  const names = wanted ?? labelNames(series).filter((name) => name !== valueLabel);
  const rows = rowsOf(series, names, valueLabel);
  return [tableOf(rows, names, series, frames)];
};

function labelNames(series: readonly Field[]): string[] {
  return [...new Set(series.flatMap((field) => Object.keys(field.labels ?? {})))];
}

function rowsOf(series: readonly Field[], names: readonly string[], valueLabel: string): Row[] {
  const rows = new Map<string, Row>();
  for (const field of series) {
    const labels = names.map((name) => field.labels?.[name] ?? "");
    const key = JSON.stringify(labels);
    const row = rows.get(key) ?? { labels, values: new Map() };
    row.values.set(field.labels?.[valueLabel] || field.name, field.values);
    rows.set(key, row);
  }
  return [...rows.values()];
}

function tableOf(
  rows: readonly Row[],
  names: readonly string[],
  series: readonly Field[],
  frames: readonly DataFrame[],
): DataFrame {
  const columns = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))];
  const lengths = rows.map(({ values }) => Math.max(...[...values.values()].map((column) => column.length)));
  const repeated = <T>(pick: (row: Row, at: number) => T) =>
    rows.flatMap((row, index) => Array.from({ length: lengths[index] ?? 0 }, (_, at) => pick(row, at)));
  const fields: Field[] = [
    ...names.map(
      (name, index): Field => ({ name, type: "string", config: {}, values: repeated(({ labels }) => labels[index]) }),
    ),
    ...columns.map(
      (name): Field => ({
        name,
        type: series[0]?.type ?? "number",
        config: {},
        values: repeated(({ values }, at) => values.get(name)?.[at] ?? null),
      }),
    ),
  ];
  return frameOf(fields, { refId: `joinByLabels-${frames.map((frame) => frame.refId).join("-")}` });
}
