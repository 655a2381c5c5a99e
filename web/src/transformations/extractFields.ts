/** extractFields: texts or labels of one column become columns of their own. */

import { type DataFrame, type Field, guessFieldType, timeFieldOf } from "../lib/dataFrame";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { regexOf } from "../lib/fieldConfig/regex";
import type { Transform } from "./types";

type Entries = Record<string, unknown>;
type Parse = (value: unknown) => Entries;

/** Columns beyond these are left out: a hostile line could name thousands. */
const MAX_NEW_FIELDS = 500;

interface JsonPath {
  path?: string;
  alias?: string;
}

export const extractFields: Transform = (frames, options) => {
  const matches = fieldMatcher("byName", options.source ?? "");
  const parse = parserOf(options);
  return frames.map((frame) => {
    const source = frame.fields.find((field) => options.source && matches?.(field, frame, frames));
    return source ? withExtracted(frame, source, parse, options) : frame;
  });
};

function withExtracted(frame: DataFrame, source: Field, parse: Parse, options: Record<string, unknown>): DataFrame {
  const columns = new Map<string, unknown[]>();
  source.values.forEach((value, row) => {
    for (const [name, entry] of Object.entries(parse(value))) {
      let column = columns.get(name);
      if (column === undefined && columns.size < MAX_NEW_FIELDS) {
        column = new Array<unknown>(frame.length).fill(undefined);
        columns.set(name, column);
      }
      if (column) {
        column[row] = entry;
      }
    }
  });
  const added = [...columns].map(
    ([name, values]): Field => ({ name, type: guessFieldType(values), config: {}, values }),
  );
  const time = options.keepTime ? timeFieldOf(frame) : undefined;
  const kept = options.replace ? (time ? [time] : []) : frame.fields;
  return { ...frame, fields: [...kept, ...added] };
}

function parserOf(options: Record<string, unknown>): Parse {
  const paths = Array.isArray(options.jsonPaths) ? (options.jsonPaths as JsonPath[]).filter(({ path }) => path) : [];
  switch (options.format) {
    case "json":
      return (value) => pick(objectOf(value), paths);
    case "kvp":
      return (value) => keyValues(String(value ?? ""));
    case "regexp":
      return byRegExp(String(options.regExp ?? ""));
    case "delimiter":
      return byDelimiter(String(options.delimiter || ","));
    default:
      return (value) => {
        const object = objectOf(value);
        return object ? pick(object, paths) : keyValues(String(value ?? ""));
      };
  }
}

function objectOf(value: unknown): Entries | undefined {
  if (typeof value === "object" && value !== null) {
    return value as Entries;
  }
  if (typeof value !== "string" || !/^\s*[{[]/.test(value)) {
    return undefined;
  }
  try {
    return JSON.parse(value) as Entries;
  } catch {
    return undefined;
  }
}

function pick(object: Entries | undefined, paths: readonly JsonPath[]): Entries {
  if (paths.length === 0 || object === undefined) {
    return object ?? {};
  }
  const picked = paths.map(({ path = "", alias }) => [alias || path, atPath(object, path)] as const);
  return Object.fromEntries(picked.filter(([, value]) => value !== undefined));
}

/** `a.b[0].c` and `a["b c"]`. */
function atPath(object: unknown, path: string): unknown {
  const keys = path
    .replace(/\[["']?(.*?)["']?\]/g, ".$1")
    .split(".")
    .filter((key) => key !== "");
  return keys.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Entries)[key] : undefined),
    object,
  );
}

const PAIR = /([^\s=:,{}"']+)\s*[=:]\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;{}]*)/g;

/** `a=1, b: "two"`, with or without braces around. */
function keyValues(text: string): Entries {
  return Object.fromEntries(
    [...text.matchAll(PAIR)].map(([, name = "", value = ""]) => [name, value.replace(/^(["'])(.*)\1$/s, "$2")]),
  );
}

/** Named groups become columns. */
function byRegExp(pattern: string): Parse {
  const regex = regexOf(pattern);
  return (value) => {
    if (regex) {
      regex.lastIndex = 0;
    }
    return { ...(regex?.exec(String(value ?? ""))?.groups ?? {}) };
  };
}

function byDelimiter(delimiter: string): Parse {
  return (value) => {
    const parts = String(value ?? "").split(delimiter);
    return Object.fromEntries(parts.map((part, index) => [`${index + 1}`, part.trim()]));
  };
}
