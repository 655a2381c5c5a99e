/** partitionByValues: one frame becomes several, one for each distinct combination of values. */

import { type DataFrame, frameOf } from "../lib/dataFrame";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { groupRows } from "./groupBy";
import type { Transform } from "./types";

/** A column of ids would make as many frames as rows. */
const MAX_FRAMES = 1000;

interface Naming {
  /** As labels of the values (the default) instead of in the frame's name. */
  asLabels?: boolean;
  append?: boolean;
  withNames?: boolean;
  separator1?: string;
  separator2?: string;
}

export const partitionByValues: Transform = (frames, options) => {
  const names = Array.isArray(options.fields) ? options.fields.map(String) : [];
  const matches = fieldMatcher("byNames", { names });
  const [frame] = frames;
  if (names.length === 0 || !matches || frame === undefined) {
    return frames;
  }
  const naming = (options.naming ?? {}) as Naming;
  return frames.flatMap((one) => {
    const keys = one.fields.filter((field) => matches(field, one, frames));
    return keys.length > 0 ? partitions(one, keys, naming, options.keepFields === true) : [one];
  });
};

function partitions(frame: DataFrame, keys: DataFrame["fields"], naming: Naming, keepFields: boolean): DataFrame[] {
  return groupRows(frame, keys)
    .slice(0, MAX_FRAMES)
    .map((rows) => {
      const values = keys.map((field) => [field.name, String(field.values[rows[0] ?? 0] ?? "")] as const);
      const asLabels = naming.asLabels !== false;
      const fields = frame.fields
        .filter((field) => keepFields || !keys.includes(field))
        .map((field) => ({
          ...field,
          state: undefined,
          values: rows.map((row) => field.values[row]),
          ...(asLabels && field.type !== "time" ? { labels: { ...field.labels, ...Object.fromEntries(values) } } : {}),
        }));
      const name = asLabels ? frame.name : nameOf(frame, values, naming);
      return frameOf(fields, { name, refId: frame.refId, meta: frame.meta });
    });
}

function nameOf(frame: DataFrame, values: readonly (readonly [string, string])[], naming: Naming): string {
  const parts = values.map(([name, value]) =>
    naming.withNames ? `${name}${naming.separator2 ?? "="}${value}` : value,
  );
  const own = parts.join(naming.separator1 ?? " ");
  return naming.append && frame.name ? `${frame.name} ${own}` : own;
}
