/** groupToNestedTable: one row per distinct value, with the rows it stands for as a table inside it. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { type FieldMatcher, fieldMatcher } from "../lib/fieldConfig/matchers";
import { aggregated, groupRows } from "./groupBy";
import type { Transform } from "./types";

/** Name of the column that holds the tables. */
export const NESTED = "__nestedFrames";

interface Rule {
  matches: FieldMatcher;
  operation: string | null;
  aggregations: string[];
  keepNestedField: boolean;
}

export const groupToNestedTable: Transform = (frames, options) => {
  const rules = rulesOf(options);
  if (!rules.some(({ operation }) => operation === "groupby")) {
    return frames;
  }
  return frames.flatMap((frame) => {
    const ruleOf = (field: Field) => rules.find(({ matches }) => matches(field, frame, frames));
    const groups = frame.fields.filter((field) => ruleOf(field)?.operation === "groupby");
    return groups.length > 0 ? [nested(frame, groups, ruleOf)] : [];
  });
};

/** Older files name the columns, newer ones match them. */
function rulesOf(options: Record<string, unknown>): Rule[] {
  const list = Array.isArray(options.rules)
    ? (options.rules as Record<string, unknown>[])
    : Object.entries((options.fields ?? {}) as Record<string, Record<string, unknown>>).map(([name, rule]) => ({
        ...rule,
        matcher: { id: "byName", options: name },
      }));
  return list.flatMap((rule: Record<string, unknown>) => {
    const { id, options: inner } = (rule.matcher ?? {}) as { id?: string; options?: unknown };
    const matches = id ? fieldMatcher(id, inner) : undefined;
    const aggregations = Array.isArray(rule.aggregations) ? rule.aggregations.map(String) : [];
    const operation = typeof rule.operation === "string" ? rule.operation : null;
    return matches ? [{ matches, operation, aggregations, keepNestedField: rule.keepNestedField === true }] : [];
  });
}

function nested(frame: DataFrame, groups: readonly Field[], ruleOf: (field: Field) => Rule | undefined): DataFrame {
  const rows = groupRows(frame, groups);
  const fields: Field[] = groups.map((field) => ({
    name: field.name,
    type: field.type,
    config: { ...field.config },
    values: rows.map(([first = 0]) => field.values[first]),
  }));
  for (const field of frame.fields) {
    const rule = ruleOf(field);
    for (const id of rule?.operation === "aggregate" ? rule.aggregations : []) {
      fields.push(aggregated(field, id, rows));
    }
  }
  const inside = frame.fields.filter((field) => {
    const rule = ruleOf(field);
    return (
      !rule?.operation || (rule.operation === "aggregate" && (rule.aggregations.length === 0 || rule.keepNestedField))
    );
  });
  const tables = rows.map((group) => [
    frameOf(
      inside.map((field) => ({
        ...field,
        name: fieldDisplayName(field),
        state: undefined,
        values: group.map((row) => field.values[row]),
      })),
    ),
  ]);
  return frameOf([...fields, { name: NESTED, type: "nestedFrames", config: {}, values: tables }]);
}
