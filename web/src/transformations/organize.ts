/** organize: drops, orders and renames columns by name. */

import type { DataFrame, Field } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { filterFields } from "./filterFieldsByName";
import type { Transform } from "./types";

interface OrderRule {
  type?: string;
  name?: string;
  desc?: boolean;
}

export const organize: Transform = (frames, options) => {
  const chosen = (key: string) => {
    const names = Object.entries((options[key] ?? {}) as Record<string, boolean>)
      .filter(([, wanted]) => wanted)
      .map(([name]) => name);
    return names.length > 0 ? fieldMatcher("byNames", { names }) : undefined;
  };
  const kept = filterFields(frames, chosen("includeByName"), chosen("excludeByName"));
  const ordered =
    options.orderByMode === "auto"
      ? kept.map((frame) => orderedAutomatically(frame, kept, (options.orderBy ?? []) as OrderRule[]))
      : kept.map((frame) => orderedByIndex(frame, kept, (options.indexByName ?? {}) as Record<string, number>));
  const names = (options.renameByName ?? {}) as Record<string, string>;
  return ordered.map((frame) => renamed(frame, ordered, (name) => names[name]));
};

export function orderedByIndex(frame: DataFrame, frames: DataFrame[], indexByName: Record<string, number>): DataFrame {
  const place = (field: Field) => {
    const index = indexByName[fieldDisplayName(field, frame, frames)];
    return Number.isInteger(index) ? Number(index) : Number.MAX_SAFE_INTEGER;
  };
  return { ...frame, fields: [...frame.fields].sort((a, b) => place(a) - place(b)) };
}

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/** The time column stays first. */
function orderedAutomatically(frame: DataFrame, frames: DataFrame[], rules: OrderRule[]): DataFrame {
  const time = frame.fields.find((field) => field.type === "time");
  const key = (field: Field, rule: OrderRule) =>
    rule.type === "label" ? (field.labels?.[rule.name ?? ""] ?? "") : fieldDisplayName(field, frame, frames);
  const compare = (a: Field, b: Field) => {
    if (a === time || b === time) {
      return a === time ? -1 : 1;
    }
    for (const rule of rules) {
      const order = collator.compare(key(a, rule), key(b, rule)) * (rule.desc ? -1 : 1);
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  };
  return { ...frame, fields: [...frame.fields].sort(compare) };
}

/** Columns for which `nameOf` knows a new name get it as their title. */
export function renamed(
  frame: DataFrame,
  frames: DataFrame[],
  nameOf: (name: string) => string | undefined,
): DataFrame {
  return {
    ...frame,
    fields: frame.fields.map((field) => {
      const displayName = nameOf(fieldDisplayName(field, frame, frames));
      return displayName ? { ...field, state: undefined, config: { ...field.config, displayName } } : field;
    }),
  };
}
