/** Which fields an override or a transformation means. */

import type { DataFrame, Field } from "../dataFrame";
import { reduceBy } from "../reduce";
import { fieldDisplayName } from "./displayName";
import { regexOf } from "./regex";

export type FieldMatcher = (field: Field, frame: DataFrame, frames: readonly DataFrame[]) => boolean;

interface ValueCondition {
  reducer?: string;
  op?: string;
  value?: number;
}

/** The matcher of an id; undefined for one that is not known. */
export function fieldMatcher(id: string, options: unknown): FieldMatcher | undefined {
  switch (id) {
    case "byName":
      return byName(String(options ?? ""));
    case "byNames":
      return byNames(options);
    case "byRegexp":
    case "byRegexpOrNames":
      return byRegexp(options);
    case "byType":
      return (field) => field.type === options;
    case "byTypes":
      return (field) => Array.isArray(options) && options.includes(field.type);
    case "numeric":
      return (field) => field.type === "number";
    case "time":
    case "firstTimeField":
      return id === "time" ? (field) => field.type === "time" : firstTime;
    case "byFrameRefID":
      return byRefId(String(options ?? ""));
    case "byValue":
      return byValue((options ?? {}) as ValueCondition);
    case "anyMatch":
      return anyOf(options);
    default:
      return undefined;
  }
}

const firstTime: FieldMatcher = (field, frame) => frame.fields.find((other) => other.type === "time") === field;

function byName(name: string): FieldMatcher {
  return (field, frame, frames) => field.name === name || fieldDisplayName(field, frame, frames) === name;
}

function byNames(options: unknown): FieldMatcher {
  const { names, mode } = Array.isArray(options)
    ? { names: options as string[], mode: "include" }
    : ((options ?? {}) as { names?: string[]; mode?: string });
  const wanted = new Set(names ?? []);
  return (field, frame, frames) => {
    const named = wanted.has(field.name) || wanted.has(fieldDisplayName(field, frame, frames));
    return mode === "exclude" ? !named : named;
  };
}

function byRegexp(options: unknown): FieldMatcher {
  const { pattern, names, variable } = (typeof options === "string" ? { pattern: options } : (options ?? {})) as {
    pattern?: string;
    names?: string[];
    variable?: string;
  };
  const wanted = new Set(names ?? []);
  const text = pattern ?? variable;
  return (field, frame, frames) => {
    const name = fieldDisplayName(field, frame, frames);
    const regex = text === undefined ? undefined : regexOf(text);
    return wanted.has(name) || (regex?.test(name) ?? false);
  };
}

function byRefId(pattern: string): FieldMatcher {
  return (_field, frame) => {
    const refId = frame.refId ?? "";
    return pattern.startsWith("/") ? (regexOf(pattern)?.test(refId) ?? false) : refId === pattern;
  };
}

function byValue({ reducer, op, value }: ValueCondition): FieldMatcher {
  return (field) => field.type === "number" && compare(reduceBy(field, reducer ?? "lastNotNull"), op, Number(value));
}

function anyOf(options: unknown): FieldMatcher {
  const list = (Array.isArray(options) ? options : []) as { id: string; options?: unknown }[];
  const matchers = list.map(({ id, options: inner }) => fieldMatcher(id, inner));
  return (field, frame, frames) => matchers.some((matcher) => matcher?.(field, frame, frames));
}

/** A comparison by its short name; a missing left side compares false. */
export function compare(left: unknown, op: string | undefined, right: number): boolean {
  if (left === null || left === undefined) {
    return false;
  }
  const number = Number(left);
  switch (op) {
    case "gt":
      return number > right;
    case "gte":
      return number >= right;
    case "lt":
      return number < right;
    case "lte":
      return number <= right;
    case "eq":
      return number === right;
    case "neq":
      return number !== right;
    default:
      return false;
  }
}
