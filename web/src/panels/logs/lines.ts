/** Log lines of all answers in one order, with their levels. */

import type { DataFrame, Labels } from "../../lib/dataFrame";

export type Level = "critical" | "error" | "warning" | "info" | "debug" | "trace" | "unknown";

export interface LogLine {
  timeMs: number;
  /** Nanoseconds as text: the exact order. */
  timeNs: string;
  text: string;
  labels: Labels;
  level: Level;
  /** Lines that this one stands for after deduplication. */
  count: number;
}

const LEVEL_LABELS = ["detected_level", "level", "lvl", "severity", "loglevel", "log_level", "severity_text"];

/** First letters are what levels differ by; the longest spellings come first. */
const LEVEL_WORDS: readonly [RegExp, Level][] = [
  [/^(emerg|fatal|alert|crit)/i, "critical"],
  [/^(err|eror)/i, "error"],
  [/^warn/i, "warning"],
  [/^(info|notice)/i, "info"],
  [/^(debug|dbug)/i, "debug"],
  [/^trace/i, "trace"],
];

const LEVEL_IN_TEXT =
  /(?:level|lvl|severity)["']?\s*[=:]\s*["']?(\w+)|\b(EMERG(?:ENCY)?|FATAL|CRIT(?:ICAL)?|ERR(?:OR)?|WARN(?:ING)?|INFO|NOTICE|DEBUG|TRACE)\b/;
/** A level further inside a line is rather part of the message. */
const LEVEL_SEARCH_CHARS = 220;

export function levelOf(labels: Labels, text: string): Level {
  for (const name of LEVEL_LABELS) {
    const named = labels[name];
    if (named) {
      return levelByWord(named);
    }
  }
  const match = LEVEL_IN_TEXT.exec(text.slice(0, LEVEL_SEARCH_CHARS));
  return match ? levelByWord(match[1] ?? match[2] ?? "") : "unknown";
}

function levelByWord(word: string): Level {
  return LEVEL_WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? "unknown";
}

export type Dedup = "none" | "exact" | "numbers" | "signature";

/** All lines, newest or oldest first, repetitions folded. */
export function logLines(frames: readonly DataFrame[], newestFirst: boolean, dedup: Dedup): LogLine[] {
  const lines = frames.flatMap(frameLines);
  const sign = newestFirst ? -1 : 1;
  const ordered = lines
    .map((line, index) => ({ line, index }))
    .sort((a, b) => sign * compareTimes(a.line, b.line) || a.index - b.index)
    .map(({ line }) => line);
  return dedup === "none" ? ordered : folded(ordered, dedup);
}

function compareTimes(a: LogLine, b: LogLine): number {
  if (a.timeNs.length !== b.timeNs.length) {
    return a.timeNs.length - b.timeNs.length;
  }
  return a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0;
}

function frameLines(frame: DataFrame): LogLine[] {
  const time = frame.fields.find((field) => field.type === "time");
  const text =
    frame.fields.find(({ name, type }) => type === "string" && /^(line|body|message|msg)$/i.test(name)) ??
    frame.fields.find(({ type }) => type === "string");
  const exact = frame.fields.find(({ name }) => name === "tsNs");
  const labels = frame.fields.find(({ name, type }) => name === "labels" && type === "other");
  if (!time || !text) {
    return [];
  }
  return text.values.map((value, row) => {
    const own = (labels?.values[row] ?? {}) as Labels;
    const timeMs = Number(time.values[row] ?? 0);
    const line = stripColors(String(value ?? ""));
    return {
      timeMs,
      timeNs: String(exact?.values[row] ?? BigInt(Math.round(timeMs)) * 1_000_000n),
      text: line,
      labels: own,
      level: levelOf(own, line),
      count: 1,
    };
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' colour codes begin with one.
const TERMINAL_CODES = /\u001b\[[0-9;]*[A-Za-z]/g;

function stripColors(text: string): string {
  return text.includes("\u001b") ? text.replace(TERMINAL_CODES, "") : text;
}

function dedupKey(text: string, dedup: Dedup): string {
  switch (dedup) {
    case "numbers":
      return text.replace(/\d+/g, "#");
    case "signature":
      return text.replace(/[\p{L}\p{N}]/gu, "");
    default:
      // Times in the line would make every line another one.
      return text.replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*(?:Z|[+-]\d\d:?\d\d)?/g, "");
  }
}

function folded(lines: readonly LogLine[], dedup: Dedup): LogLine[] {
  const kept: LogLine[] = [];
  let previous: string | undefined;
  for (const line of lines) {
    const key = dedupKey(line.text, dedup);
    const last = kept[kept.length - 1];
    if (last && key === previous) {
      last.count += 1;
    } else {
      kept.push({ ...line });
      previous = key;
    }
  }
  return kept;
}

/** Labels that all lines have with the same value. */
export function commonLabels(lines: readonly LogLine[]): Labels {
  const common = new Map(Object.entries(lines[0]?.labels ?? {}));
  for (const { labels } of lines) {
    for (const [name, value] of common) {
      if (labels[name] !== value) {
        common.delete(name);
      }
    }
  }
  return Object.fromEntries(common);
}

/** Fields found in a line of JSON or logfmt. */
export function parsedFields(text: string): [string, string][] {
  const trimmed = text.trim();
  if (trimmed.startsWith("{") && trimmed.endsWith("}")) {
    try {
      return flattened(JSON.parse(trimmed) as Record<string, unknown>, "");
    } catch {
      return [];
    }
  }
  const pairs = [...trimmed.matchAll(/(?:^|\s)([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)/g)];
  return pairs.map(([, name = "", value = ""]) => [name, value.replace(/^"(.*)"$/s, "$1").replace(/\\"/g, '"')]);
}

const MAX_FIELDS = 200;

function flattened(object: Record<string, unknown>, prefix: string): [string, string][] {
  const fields: [string, string][] = [];
  for (const [key, value] of Object.entries(object)) {
    if (fields.length >= MAX_FIELDS) {
      break;
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      fields.push(...flattened(value as Record<string, unknown>, `${prefix}${key}.`));
    } else {
      fields.push([`${prefix}${key}`, typeof value === "string" ? value : JSON.stringify(value)]);
    }
  }
  return fields;
}

/** What the query's line filters search for, to be marked in the lines. */
export function searchedWords(expr: string): RegExp | undefined {
  const patterns: string[] = [];
  for (const [, operator, quoted = "", raw] of expr.matchAll(/\|(=|~)\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g)) {
    const text = raw ?? quoted.replace(/\\(.)/g, "$1");
    if (text !== "") {
      patterns.push(operator === "=" ? text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : text.replace(/^\(\?i\)/, ""));
    }
  }
  try {
    return patterns.length > 0 ? new RegExp(patterns.map((pattern) => `(?:${pattern})`).join("|"), "gi") : undefined;
  } catch {
    return undefined;
  }
}

export interface Part {
  text: string;
  found: boolean;
}

/** The line cut at what was searched for. */
export function markedParts(text: string, words: RegExp | undefined): Part[] {
  if (!words) {
    return [{ text, found: false }];
  }
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(words)) {
    if (match[0] === "") {
      break;
    }
    if (match.index > end) {
      parts.push({ text: text.slice(end, match.index), found: false });
    }
    parts.push({ text: match[0], found: true });
    end = match.index + match[0].length;
  }
  parts.push({ text: text.slice(end), found: false });
  return parts.filter((part) => part.text !== "");
}
