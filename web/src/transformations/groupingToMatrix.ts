/** groupingToMatrix: the values of one column become columns, those of another one rows. */

import { type Field, frameOf } from "../lib/dataFrame";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { specialValue } from "./specialValue";
import type { Transform } from "./types";

/** More columns than that are a mistake in the choice of the column field. */
const MAX_COLUMNS = 1000;

export const groupingToMatrix: Transform = (frames, options) => {
  const [frame] = frames;
  if (frame === undefined || frames.length !== 1) {
    return frames;
  }
  const named = (key: string, fallback: string) => {
    const name = String(options[key] || fallback);
    return { name, field: frame.fields.find((field) => fieldMatcher("byName", name)?.(field, frame, frames)) };
  };
  const [column, row, value] = [named("columnField", "Time"), named("rowField", "Time"), named("valueField", "Value")];
  if (!column.field || !row.field || !value.field) {
    return frames;
  }
  const cells = cellsOf(column.field, row.field, value.field);
  const rows = [...new Set(row.field.values)];
  const empty = specialValue(options.emptyValue);
  const { displayName: _, ...config } = value.field.config;
  const first: Field = {
    name: `${row.name}\\${column.name}`,
    type: row.field.type,
    config: { ...row.field.config },
    values: rows,
  };
  const { type } = value.field;
  const fields = [...cells].slice(0, MAX_COLUMNS).map(
    ([name, column]): Field => ({
      name: String(name),
      type,
      config: typeof name === "number" ? { ...config, displayNameFromDS: undefined } : config,
      values: rows.map((key) => column.get(key) ?? empty),
    }),
  );
  return [frameOf([first, ...fields])];
};

function cellsOf(column: Field, row: Field, value: Field): Map<unknown, Map<unknown, unknown>> {
  const cells = new Map<unknown, Map<unknown, unknown>>();
  value.values.forEach((cell, index) => {
    const name = column.values[index];
    const rows = cells.get(name) ?? new Map<unknown, unknown>();
    rows.set(row.values[index], cell);
    cells.set(name, rows);
  });
  return cells;
}
