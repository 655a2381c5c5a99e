/** filterFields, filterFrames, order, rename, ensureColumns: what organize and its kin do, as steps of their own. */

import type { DataFrame } from "../lib/dataFrame";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { refIdMatcher } from "./filterByRefId";
import { filterFields as filtered } from "./filterFieldsByName";
import { joinByField } from "./joinByField";
import { orderedByIndex, renamed } from "./organize";
import type { Transform } from "./types";

interface Matcher {
  id?: string;
  options?: unknown;
}

export const filterFields: Transform = (frames, options) => {
  const matcher = (given: unknown) => {
    const { id, options: inner } = (given ?? {}) as Matcher;
    return id ? fieldMatcher(id, inner) : undefined;
  };
  return filtered(frames, matcher(options.include), matcher(options.exclude));
};

export const filterFrames: Transform = (frames, options) => {
  const include = frameMatcher(options.include);
  const exclude = frameMatcher(options.exclude);
  return frames.filter((frame) => !exclude?.(frame) && (include?.(frame) ?? true));
};

function frameMatcher(given: unknown): ((frame: DataFrame) => boolean) | undefined {
  const { id, options } = (given ?? {}) as Matcher;
  if (id === "byRefId") {
    return refIdMatcher(String(options ?? ""));
  }
  return id === "byName" ? (frame) => frame.name === options : undefined;
}

export const order: Transform = (frames, options) => {
  const places = (options.indexByName ?? {}) as Record<string, number>;
  return frames.map((frame) => orderedByIndex(frame, frames, places));
};

export const rename: Transform = (frames, options) => {
  const names = (options.renameByName ?? {}) as Record<string, string>;
  return frames.map((frame) => renamed(frame, [frame], (name) => names[name]));
};

/** Series over the same time are put side by side. */
export const ensureColumns: Transform = (frames, _options, context) => {
  const times = frames.map((frame) => frame.fields.find((field) => field.type === "time")?.name);
  const [name] = times;
  const agree = name !== undefined && times.every((other) => other === name);
  return frames.length > 1 && agree ? joinByField(frames, { byField: name }, context) : frames;
};
