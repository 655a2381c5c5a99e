/** groupBy: one row per distinct value of the group columns, the others aggregated. */

import { type DataFrame, type Field, type FieldType, frameOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { reduceBy } from "../lib/reduce";
import type { Transform } from "./types";

interface GroupRule {
  operation?: "groupby" | "aggregate" | null;
  aggregations?: string[];
}

export const groupBy: Transform = (frames, options) => {
  const rules = (options.fields ?? {}) as Record<string, GroupRule>;
  const names = Object.keys(rules).filter((name) => rules[name]?.operation === "groupby");
  const matcher = fieldMatcher("byNames", { names });
  if (names.length === 0 || matcher === undefined) {
    return frames;
  }
  return frames.flatMap((frame) => {
    const groups = frame.fields.filter((field) => matcher(field, frame, frames));
    return groups.length > 0 ? [grouped(frame, groups, rules)] : [];
  });
};

/** The rows of each distinct combination of values, in the order of their first ones. */
export function groupRows(frame: DataFrame, groups: readonly Field[]): number[][] {
  const rowsOfGroup = new Map<string, number[]>();
  for (let row = 0; row < frame.length; row++) {
    const key = String(groups.map((field) => field.values[row]));
    const rows = rowsOfGroup.get(key);
    if (rows) {
      rows.push(row);
    } else {
      rowsOfGroup.set(key, [row]);
    }
  }
  return [...rowsOfGroup.values()];
}

function grouped(frame: DataFrame, groups: readonly Field[], rules: Record<string, GroupRule>): DataFrame {
  const all = groupRows(frame, groups);
  const fields: Field[] = groups.map((field) => ({
    name: field.name,
    type: field.type,
    config: { ...field.config },
    values: all.map(([first = 0]) => field.values[first]),
  }));
  for (const field of frame.fields) {
    for (const id of aggregationsOf(field, rules)) {
      fields.push(aggregated(field, id, all));
    }
  }
  return frameOf(fields, { refId: frame.refId });
}

/** One value a group. */
export function aggregated(field: Field, id: string, groups: readonly number[][]): Field {
  const values = groups.map((rows) => {
    const part: Field = { ...field, values: rows.map((row) => field.values[row]) };
    return reduceBy(part, id);
  });
  return { name: `${fieldDisplayName(field)} (${id})`, type: aggregatedType(id, field.type), config: {}, values };
}

function aggregationsOf(field: Field, rules: Record<string, GroupRule>): string[] {
  const rule = rules[fieldDisplayName(field)] ?? rules[field.name];
  const ids = Array.isArray(rule?.aggregations) ? rule.aggregations : [];
  const countsGroups = rule?.operation === "groupby" && ids.length === 1 && ids[0] === "count";
  return rule?.operation === "aggregate" || countsGroups ? ids : [];
}

function aggregatedType(id: string, type: FieldType): FieldType {
  if (["count", "distinctCount", "changeCount", "countAll"].includes(id)) {
    return "number";
  }
  return id === "allIsNull" || id === "allIsZero" ? "boolean" : type;
}
