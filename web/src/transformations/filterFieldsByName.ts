/** filterFieldsByName: keeps or drops columns by name or pattern. */

import type { DataFrame } from "../lib/dataFrame";
import { type FieldMatcher, fieldMatcher } from "../lib/fieldConfig/matchers";
import type { Transform } from "./types";

interface NameFilter {
  names?: string[];
  pattern?: string;
  variable?: string;
}

export const filterFieldsByName: Transform = (frames, options) => {
  const byVariable = options.byVariable === true;
  const include = matcherOf(options.include as NameFilter | undefined, byVariable);
  const exclude = matcherOf(options.exclude as NameFilter | undefined, byVariable);
  return filterFields(frames, include, exclude);
};

/** Frames that lose all their columns go away. */
export function filterFields(
  frames: readonly DataFrame[],
  include: FieldMatcher | undefined,
  exclude: FieldMatcher | undefined,
): DataFrame[] {
  if (!include && !exclude) {
    return [...frames];
  }
  return frames
    .map((frame) => ({
      ...frame,
      fields: frame.fields.filter(
        (field) => !exclude?.(field, frame, frames) && (include?.(field, frame, frames) ?? true),
      ),
    }))
    .filter((frame) => frame.fields.length > 0);
}

function matcherOf(filter: NameFilter | undefined, byVariable: boolean): FieldMatcher | undefined {
  if (byVariable && filter?.variable) {
    return fieldMatcher("byNames", { names: filter.variable.replace(/^\{(.*)\}$/, "$1").split(",") });
  }
  const hasNames = Array.isArray(filter?.names) && filter.names.length > 0;
  if (filter?.pattern) {
    return fieldMatcher("byRegexpOrNames", { pattern: filter.pattern, names: hasNames ? filter.names : [] });
  }
  return hasNames ? fieldMatcher("byNames", { names: filter?.names }) : undefined;
}
