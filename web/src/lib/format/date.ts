/** Points in time, written by moment's patterns in any time zone. */

import type { ValueFormat } from "./types";

export interface DateParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  /** 0 is Sunday. */
  weekday: number;
  /** Minutes east of Greenwich. */
  offset: number;
}

const MONTHS = "January February March April May June July August September October November December".split(" ");
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const TOKEN = /\[([^\]]*)\]|\\(.)|YYYY|YY|MMMM|MMM|MM|M|DD|Do|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|SSS|A|a|ZZ|Z|X|x|LLL|./gs;

const zoneFormats = new Map<string, Intl.DateTimeFormat | null>();

function zoneFormat(timeZone: string): Intl.DateTimeFormat | null {
  let format = zoneFormats.get(timeZone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      // A name that this browser does not know is shown in the browser's own zone.
      format = null;
    }
    zoneFormats.set(timeZone, format);
  }
  return format;
}

/** The calendar reading of an instant; "browser" (or nothing) is the machine's own zone. */
export function dateParts(timeMs: number, timeZone?: string): DateParts {
  const date = new Date(timeMs);
  const zone = timeZone?.toLowerCase();
  if (zone === "utc") {
    return utcReading(timeMs, 0);
  }
  const format = timeZone && zone !== "browser" ? zoneFormat(timeZone) : null;
  if (format === null) {
    return utcReading(timeMs, -date.getTimezoneOffset());
  }
  const read: Record<string, number> = {};
  for (const part of format.formatToParts(date)) {
    read[part.type] = Number(part.value);
  }
  const wall = Date.UTC(read.year ?? 0, (read.month ?? 1) - 1, read.day, read.hour, read.minute, read.second);
  const wholeSeconds = Math.floor(timeMs / 1000) * 1000;
  return utcReading(timeMs, Math.round((wall - wholeSeconds) / 60000));
}

function utcReading(timeMs: number, offset: number): DateParts {
  const shifted = new Date(timeMs + offset * 60000);
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    ms: shifted.getUTCMilliseconds(),
    weekday: shifted.getUTCDay(),
    offset,
  };
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

function offsetText(offset: number, separator: string): string {
  const magnitude = Math.abs(offset);
  return `${offset < 0 ? "-" : "+"}${pad(Math.floor(magnitude / 60))}${separator}${pad(magnitude % 60)}`;
}

function ordinal(day: number): string {
  const teen = day > 10 && day < 14;
  const suffix = teen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th");
  return `${day}${suffix}`;
}

type TokenText = (parts: DateParts, timeMs: number) => string;

const hour12 = (hour: number) => hour % 12 || 12;

const TOKENS: Record<string, TokenText> = {
  YYYY: (p) => pad(p.year, 4),
  YY: (p) => pad(p.year % 100),
  MMMM: (p) => MONTHS[p.month - 1] ?? "",
  MMM: (p) => (MONTHS[p.month - 1] ?? "").slice(0, 3),
  MM: (p) => pad(p.month),
  M: (p) => `${p.month}`,
  DD: (p) => pad(p.day),
  Do: (p) => ordinal(p.day),
  D: (p) => `${p.day}`,
  dddd: (p) => WEEKDAYS[p.weekday] ?? "",
  ddd: (p) => (WEEKDAYS[p.weekday] ?? "").slice(0, 3),
  HH: (p) => pad(p.hour),
  H: (p) => `${p.hour}`,
  hh: (p) => pad(hour12(p.hour)),
  h: (p) => `${hour12(p.hour)}`,
  mm: (p) => pad(p.minute),
  m: (p) => `${p.minute}`,
  ss: (p) => pad(p.second),
  s: (p) => `${p.second}`,
  SSS: (p) => pad(p.ms, 3),
  A: (p) => (p.hour < 12 ? "AM" : "PM"),
  a: (p) => (p.hour < 12 ? "am" : "pm"),
  Z: (p) => offsetText(p.offset, ":"),
  ZZ: (p) => offsetText(p.offset, ""),
  X: (_, timeMs) => `${Math.floor(timeMs / 1000)}`,
  x: (_, timeMs) => `${timeMs}`,
  LLL: (p) =>
    `${MONTHS[p.month - 1]} ${p.day}, ${p.year} ${hour12(p.hour)}:${pad(p.minute)} ${p.hour < 12 ? "AM" : "PM"}`,
};

/** `pattern` is moment's: `YYYY-MM-DD HH:mm:ss`, literals in brackets. */
export function formatDate(timeMs: number, pattern: string, timeZone?: string): string {
  if (!Number.isFinite(timeMs) || Number.isNaN(new Date(timeMs).getTime())) {
    return "Invalid date";
  }
  const parts = dateParts(timeMs, timeZone);
  return pattern.replace(TOKEN, (token, literal?: string, escaped?: string) => {
    if (literal !== undefined || escaped !== undefined) {
      return literal ?? escaped ?? "";
    }
    return TOKENS[token]?.(parts, timeMs) ?? token;
  });
}

/** A format that writes today's times by a shorter pattern, where there is one. */
export function dateFormat(pattern: string, todayPattern?: string): ValueFormat {
  return (value, _decimals, context) => {
    const timeMs = value ?? Number.NaN;
    if (todayPattern !== undefined) {
      const day = (ms: number) => formatDate(ms, "YYYY-MM-DD", context?.timeZone);
      if (day(timeMs) === day(context?.nowMs ?? Date.now())) {
        return { text: formatDate(timeMs, todayPattern, context?.timeZone) };
      }
    }
    return { text: formatDate(timeMs, pattern, context?.timeZone) };
  };
}

export const systemDate: ValueFormat = (value, _decimals, context) => ({
  text: formatDate(
    value ?? Number.NaN,
    context?.showMs ? "YYYY-MM-DD HH:mm:ss.SSS" : "YYYY-MM-DD HH:mm:ss",
    context?.timeZone,
  ),
});

/** "3 hours ago", "in a day": rounded to the largest fitting unit. */
export function relativeText(timeMs: number, nowMs: number): string {
  if (!Number.isFinite(timeMs)) {
    return "Invalid date";
  }
  const delta = timeMs - nowMs;
  const text = distanceText(Math.abs(delta));
  return delta > 0 ? `in ${text}` : `${text} ago`;
}

function distanceText(distanceMs: number): string {
  const days = Math.round(distanceMs / 864e5);
  const months = Math.round(((distanceMs / 864e5) * 4800) / 146097);
  const steps: [units: number, limit: number, one: string, many: string][] = [
    [Math.round(distanceMs / 6e4), 45, "a minute", "minutes"],
    [Math.round(distanceMs / 36e5), 22, "an hour", "hours"],
    [days, 26, "a day", "days"],
    [months, 11, "a month", "months"],
    [Math.round(((distanceMs / 864e5) * 400) / 146097), Number.POSITIVE_INFINITY, "a year", "years"],
  ];
  if (Math.round(distanceMs / 1000) <= 44) {
    return "a few seconds";
  }
  for (const [units, limit, one, many] of steps) {
    if (units <= 1) {
      return one;
    }
    if (units < limit) {
      return `${units} ${many}`;
    }
  }
  return "";
}

export const fromNow: ValueFormat = (value, _decimals, context) => ({
  text: relativeText(value ?? Number.NaN, context?.nowMs ?? Date.now()),
});
