/** prepareTimeSeries: series as one wide frame, as a frame each, or as rows with their labels. */

import { type DataFrame, type Field, frameOf, type Labels, timeFieldOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { joinFrames } from "./joinByField";
import { sortedBy } from "./sortBy";
import type { Transform } from "./types";

export const prepareTimeSeries: Transform = (frames, options) => {
  switch (options.format) {
    case "multi":
    case "many":
      return frames.flatMap(split);
    case "long":
      return long(frames.flatMap(split));
    default:
      return wide(frames.flatMap(split));
  }
};

/** A frame a series. Texts beside the numbers become labels, rows with equal texts a series. */
function split(frame: DataFrame): DataFrame[] {
  const time = timeFieldOf(frame);
  const numbers = frame.fields.filter((field) => field.type === "number" || field.type === "boolean");
  if (!time || numbers.length === 0) {
    return [];
  }
  const texts = frame.fields.filter((field) => field.type === "string");
  if (texts.length === 0 && numbers.length === 1) {
    return [frame];
  }
  const rowsByKey = new Map<string, number[]>();
  for (let row = 0; row < frame.length; row++) {
    const key = JSON.stringify(texts.map((field) => field.values[row]));
    rowsByKey.set(key, [...(rowsByKey.get(key) ?? []), row]);
  }
  return [...rowsByKey.values()].flatMap((rows) =>
    numbers.map((number) => {
      const own = Object.fromEntries(texts.map((field) => [field.name, String(field.values[rows[0] ?? 0] ?? "")]));
      const pick = (field: Field): Field => ({
        ...field,
        state: undefined,
        values: rows.map((row) => field.values[row]),
      });
      const labels = { ...number.labels, ...own };
      const value = pick(number);
      const labelled = Object.keys(labels).length > 0 ? { ...value, labels } : value;
      return frameOf([pick(time), labelled], { name: frame.name, refId: frame.refId });
    }),
  );
}

function wide(series: DataFrame[]): DataFrame[] {
  const [first] = series;
  const name = first && timeFieldOf(first)?.name;
  if (first === undefined || name === undefined) {
    return [];
  }
  const same = series.map((frame) => renamedTime(frame, name));
  return [series.length === 1 ? first : joinFrames(same, name, "outer")];
}

/** Joining needs times of one name. */
function renamedTime(frame: DataFrame, name: string): DataFrame {
  return { ...frame, fields: frame.fields.map((field) => (field.type === "time" ? { ...field, name } : field)) };
}

function long(series: readonly DataFrame[]): DataFrame[] {
  if (series.length === 0) {
    return [];
  }
  const names = [...new Set(series.map((frame) => valueField(frame).name))];
  const labels = [...new Set(series.flatMap((frame) => Object.keys(valueField(frame).labels ?? {})))];
  const rows = series.flatMap((frame) =>
    (timeFieldOf(frame)?.values ?? []).map((time, row) => ({ time, row, value: valueField(frame) })),
  );
  const fields: Field[] = [
    { name: "Time", type: "time", config: {}, values: rows.map(({ time }) => time) },
    ...names.map(
      (name): Field => ({
        name,
        type: "number",
        config: {},
        values: rows.map(({ value, row }) => (value.name === name ? value.values[row] : null)),
      }),
    ),
    ...labels.map(
      (name): Field => ({
        name,
        type: "string",
        config: {},
        values: rows.map(({ value }) => (value.labels as Labels | undefined)?.[name] ?? ""),
      }),
    ),
  ];
  return [sortedBy(frameOf(fields, { refId: series[0]?.refId }), 0, false)];
}

function valueField(frame: DataFrame): Field {
  const value = frame.fields.find((field) => field.type !== "time") as Field;
  return value.name === "" ? { ...value, name: fieldDisplayName(value, frame) } : value;
}
