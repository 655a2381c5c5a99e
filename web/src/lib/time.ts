/** Times as people write them: `now-1h`, `now/d`, epoch milliseconds, ISO 8601, `2026-11-22 14:00`. */

import dayjs, { type Dayjs, type ManipulateType, type OpUnitType } from "dayjs";
import timezone from "dayjs/plugin/timezone";
import utc from "dayjs/plugin/utc";

dayjs.extend(utc);
dayjs.extend(timezone);

/** A range as it stands in the URL. */
export interface RawRange {
  from: string;
  to: string;
}

export interface ResolvedRange {
  fromMs: number;
  toMs: number;
}

export interface TimeOptions {
  nowMs: number;
  /** "browser", "utc" or an IANA name. */
  zone: string;
  /** End of a range: `/d` rounds to the end of the day. */
  roundUp?: boolean;
  /** 0 Sunday, 1 Monday, 6 Saturday. */
  weekStart?: number;
  /** Month in which the fiscal year begins: 0 January, 3 April. */
  fiscalStart?: number;
}

export function inZone(ms: number, zone: string): Dayjs {
  if (zone === "utc" || zone === "UTC") return dayjs.utc(ms);
  if (zone === "browser" || zone === "") return dayjs(ms);
  try {
    return dayjs(ms).tz(zone);
  } catch {
    return dayjs(ms);
  }
}

const UNITS: Record<string, ManipulateType> = {
  ms: "millisecond",
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  M: "month",
  y: "year",
};

const STEP = /([+-])(\d*)(ms|[smhdwMQy])|\/(f?)([smhdwMQy])/y;

/** Milliseconds since the epoch, or null for text that is no time. */
export function parseTime(text: string, options: TimeOptions): number | null {
  const trimmed = text.trim();
  if (trimmed.startsWith("now")) return parseRelative(trimmed.slice(3), options);
  if (/^-?\d{9,}$/.test(trimmed)) return Number(trimmed);
  if (/^\d{8}T\d{6}Z?$/.test(trimmed)) return parseCompact(trimmed);
  return parseAbsolute(trimmed, options.zone, options.roundUp ?? false);
}

function parseRelative(text: string, options: TimeOptions): number | null {
  let at = inZone(options.nowMs, options.zone);
  let end = 0;
  STEP.lastIndex = 0;
  while (end < text.length) {
    const match = STEP.exec(text);
    if (!match) return null;
    end = STEP.lastIndex;
    const [, sign, digits, unit, fiscal, roundUnit] = match;
    if (sign && unit) {
      const count = (digits === "" ? 1 : Number(digits)) * (sign === "-" ? -1 : 1);
      at = unit === "Q" ? at.add(count * 3, "month") : at.add(count, UNITS[unit] ?? "millisecond");
    } else if (roundUnit) {
      if (fiscal && !/[Qy]/.test(roundUnit)) return null;
      at = round(at, roundUnit, { ...options, fiscalStart: fiscal ? options.fiscalStart : 0 });
    }
  }
  return at.valueOf();
}

function round(at: Dayjs, unit: string, options: TimeOptions): Dayjs {
  const up = options.roundUp ?? false;
  if (unit === "w") {
    const back = (at.day() - (options.weekStart ?? 1) + 7) % 7;
    const start = at.subtract(back, "day").startOf("day");
    return up ? start.add(7, "day").subtract(1, "millisecond") : start;
  }
  if (unit === "Q" || unit === "y") {
    const months = unit === "Q" ? 3 : 12;
    const back = (at.month() - (options.fiscalStart ?? 0) + 12) % months;
    // From the first of the month: the 31st has no counterpart in every month.
    const start = at.startOf("month").subtract(back, "month");
    return up ? start.add(months, "month").subtract(1, "millisecond") : start;
  }
  const name = UNITS[unit] as OpUnitType;
  return up ? at.endOf(name) : at.startOf(name);
}

/** Grafana's compact form in old links: 20261122T140000. */
function parseCompact(text: string): number | null {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z?$/.exec(text) ?? [];
  const at = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return Number.isNaN(at) ? null : at;
}

const ABSOLUTE =
  /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

function parseAbsolute(text: string, zone: string, roundUp: boolean): number | null {
  const match = ABSOLUTE.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  const pad = (part: string | undefined, fallback: string) => (part ?? fallback).padStart(2, "0");
  const date = `${year}-${pad(month, "01")}-${pad(day, "01")}`;
  if (Number.isNaN(Date.parse(`${date}T00:00:00Z`))) return null;
  const clock = `${pad(hour, "00")}:${pad(minute, "00")}:${pad(second, "00")}`;
  const ms = Number((fraction ?? "0").padEnd(3, "0").slice(0, 3));
  const base = offset ? Date.parse(`${date}T${clock}${offset}`) : inWallClock(`${date}T${clock}`, zone);
  if (Number.isNaN(base)) return null;
  // A bare day as the end of a range means the whole of that day.
  if (roundUp && hour === undefined && day !== undefined && !offset) return inZone(base, zone).endOf("day").valueOf();
  return base + ms;
}

function inWallClock(iso: string, zone: string): number {
  if (zone === "utc" || zone === "UTC") return Date.parse(`${iso}Z`);
  if (zone === "browser" || zone === "") return dayjs(iso).valueOf();
  try {
    return dayjs.tz(iso, zone).valueOf();
  } catch {
    return dayjs(iso).valueOf();
  }
}

/** Both ends, or null when either is no time or they stand the wrong way round. */
export function resolveRange(raw: RawRange, options: TimeOptions): ResolvedRange | null {
  const fromMs = parseTime(raw.from, { ...options, roundUp: false });
  const toMs = parseTime(raw.to, { ...options, roundUp: true });
  if (fromMs === null || toMs === null || fromMs >= toMs) return null;
  return { fromMs, toMs };
}

export function isRelative(raw: RawRange): boolean {
  return raw.from.startsWith("now") || raw.to.startsWith("now");
}

export interface QuickRange extends RawRange {
  label: string;
}

export const QUICK_RANGES: QuickRange[] = [
  { from: "now-5m", to: "now", label: "Last 5 minutes" },
  { from: "now-15m", to: "now", label: "Last 15 minutes" },
  { from: "now-30m", to: "now", label: "Last 30 minutes" },
  { from: "now-1h", to: "now", label: "Last 1 hour" },
  { from: "now-3h", to: "now", label: "Last 3 hours" },
  { from: "now-6h", to: "now", label: "Last 6 hours" },
  { from: "now-12h", to: "now", label: "Last 12 hours" },
  { from: "now-24h", to: "now", label: "Last 24 hours" },
  { from: "now-2d", to: "now", label: "Last 2 days" },
  { from: "now-7d", to: "now", label: "Last 7 days" },
  { from: "now-30d", to: "now", label: "Last 30 days" },
  { from: "now-90d", to: "now", label: "Last 90 days" },
  { from: "now/d", to: "now", label: "Today so far" },
  { from: "now/d", to: "now/d", label: "Today" },
  { from: "now-1d/d", to: "now-1d/d", label: "Yesterday" },
  { from: "now/w", to: "now", label: "This week so far" },
  { from: "now/M", to: "now", label: "This month so far" },
];

/** Offered where the dashboard's fiscal year is not the calendar's. */
export const FISCAL_RANGES: QuickRange[] = [
  { from: "now/fQ", to: "now", label: "This fiscal quarter so far" },
  { from: "now-1Q/fQ", to: "now-1Q/fQ", label: "Previous fiscal quarter" },
  { from: "now/fy", to: "now", label: "This fiscal year so far" },
  { from: "now-1y/fy", to: "now-1y/fy", label: "Previous fiscal year" },
];

const UNIT_WORDS: Record<string, string> = {
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  M: "month",
  y: "year",
};

/** What the time picker's button says. */
export function describeRange(raw: RawRange, zone: string): string {
  const quick = [...QUICK_RANGES, ...FISCAL_RANGES].find((q) => q.from === raw.from && q.to === raw.to);
  if (quick) return quick.label;
  const last = /^now-(\d+)([smhdwMy])$/.exec(raw.from);
  if (last && raw.to === "now") {
    const [, count, unit] = last;
    return `Last ${count} ${UNIT_WORDS[unit ?? ""]}${count === "1" ? "" : "s"}`;
  }
  return `${describeTime(raw.from, zone)} to ${describeTime(raw.to, zone)}`;
}

function describeTime(text: string, zone: string): string {
  if (text.startsWith("now")) return text;
  const ms = parseTime(text, { nowMs: 0, zone });
  return ms === null ? text : formatTime(ms, zone);
}

export function formatTime(ms: number, zone: string): string {
  return inZone(ms, zone).format("YYYY-MM-DD HH:mm:ss");
}
