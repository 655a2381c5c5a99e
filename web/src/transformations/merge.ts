/** merge: tables under one another, rows that agree in their common columns put together. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import { joinedRefId, type Transform } from "./types";

type Row = Record<string, unknown>;

export const merge: Transform = (frames) => {
  const tables = frames.filter((frame) => frame.fields.length > 0);
  const [first] = frames;
  if (first === undefined || frames.length <= 1) {
    return frames;
  }
  if (tables.length === 0) {
    return [first];
  }
  const columns = columnsOf(tables);
  const common = [...columns.keys()].filter((name) =>
    tables.every((frame) => frame.fields.some((field) => field.name === name)),
  );
  if (common.length === 0) {
    return frames;
  }
  const rows = mergedRows(tables, common);
  const fields = [...columns.values()].map((field) => ({
    name: field.name,
    type: field.type,
    config: { ...field.config, displayName: undefined },
    values: rows.map((row) => row[field.name] ?? null),
  }));
  return [frameOf(fields, { refId: joinedRefId("merge", tables) })];
};

function columnsOf(tables: readonly DataFrame[]): Map<string, Field> {
  const columns = new Map<string, Field>();
  for (const field of tables.flatMap((frame) => frame.fields)) {
    if (!columns.has(field.name)) {
      columns.set(field.name, field);
    }
  }
  return columns;
}

function mergedRows(tables: readonly DataFrame[], common: readonly string[]): Row[] {
  const rows: Row[] = [];
  const byKey = new Map<string, number[]>();
  for (const frame of tables) {
    const columns = new Map(frame.fields.map((field) => [field.name, field.values]));
    for (let index = 0; index < frame.length; index++) {
      const row: Row = {};
      for (const [name, values] of columns) {
        row[name] = values[index];
      }
      const key = JSON.stringify(common.map((name) => String(row[name])));
      const places = byKey.get(key) ?? [];
      byKey.set(key, places);
      if (!mergeInto(rows, places, row)) {
        places.push(rows.push(row) - 1);
      }
    }
  }
  return rows;
}

/** A row joins every earlier one of its key with which it does not disagree. */
function mergeInto(rows: Row[], places: readonly number[], row: Row): boolean {
  let merged = false;
  for (const place of places) {
    const existing = rows[place] as Row;
    const agrees = Object.keys(row).every(
      (name) => existing[name] === undefined || existing[name] === null || existing[name] === row[name],
    );
    if (agrees) {
      rows[place] = { ...existing, ...row };
      merged = true;
    }
  }
  return merged;
}
