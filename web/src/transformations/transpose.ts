/** transpose: rows become columns; a first column of texts or times names them. */

import { type DataFrame, type Field, type FieldType, frameOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { specialValue } from "./specialValue";
import type { Transform } from "./types";

/** Beyond this many rows the rest is left out: each becomes a column. */
const MAX_COLUMNS = 1000;

export const transpose: Transform = (frames, options) =>
  frames.map((frame) => (frame.fields.length === 0 ? frame : transposed(frame, frames, options)));

function transposed(frame: DataFrame, frames: readonly DataFrame[], options: Record<string, unknown>): DataFrame {
  const [first] = frame.fields as [Field];
  const firstName = String(options.firstFieldName || "Field");
  const restName = String(options.restFieldsName || "Value");
  const empty = specialValue(options.emptyValue);
  const named = first.type === "string" || first.type === "time";
  const sources = named ? frame.fields.slice(1) : frame.fields;
  const type = commonType(sources);
  const columns = first.values.slice(0, MAX_COLUMNS).map((value, row): Field => {
    const label = named ? text(first, value, empty) : row + 1;
    return {
      name: restName,
      type,
      labels: { [named ? first.name : "row"]: label as string },
      config: {},
      values: sources.map((field) => (type === "string" ? text(field, field.values[row], empty) : field.values[row])),
    };
  });
  const names: Field = {
    name: firstName,
    type: "string",
    config: {},
    values: sources.map((field) => fieldDisplayName(field, frame, frames)),
  };
  return frameOf([names, ...columns], { name: frame.name, refId: `transpose-${frame.refId}`, meta: frame.meta });
}

function commonType(fields: readonly Field[]): FieldType {
  const types = new Set(fields.map((field) => field.type));
  return types.size === 1 ? (fields[0]?.type ?? "string") : "string";
}

function text(field: Field, value: unknown, empty: unknown): unknown {
  if (value === null || value === undefined) {
    return empty;
  }
  return field.type === "other" || field.type === "frame" ? JSON.stringify(value) : `${value}`;
}
