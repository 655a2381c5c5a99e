/** Lengths of time: 1.5 hours, 1 day, 3 hours, 01:02:03. */

import { type Decimals, toFixed } from "./decimals";
import type { Formatted, ValueFormat } from "./types";

/** Up to `below` (exclusive, in the raw unit) the value is divided and named so. */
interface Rung {
  below: number;
  divisor: number;
  name: string;
}

const PLURAL = new Set([" min", " hour", " day", " week", " year"]);

function named(value: number, decimals: Decimals, name: string): Formatted {
  const plural = PLURAL.has(name) && Math.abs(value) > 1;
  return { text: toFixed(value, decimals), suffix: plural ? `${name}s` : name };
}

/** `plain` is the unit that is never put into the plural, however many there are. */
function ladder(rungs: readonly Rung[], plain?: string): ValueFormat {
  return (value, decimals) => {
    if (value === null) {
      return { text: "" };
    }
    const magnitude = Math.abs(value);
    const rung = rungs.find(({ below }) => magnitude < below) ?? rungs[rungs.length - 1];
    if (rung === undefined) {
      return { text: toFixed(value, decimals) };
    }
    if (rung.name === plain) {
      return { text: toFixed(value / rung.divisor, decimals), suffix: rung.name };
    }
    return named(value / rung.divisor, decimals, rung.name);
  };
}

const rung = (below: number, divisor: number, name: string): Rung => ({ below, divisor, name });
const END = Number.POSITIVE_INFINITY;

export const nanoseconds = ladder([
  rung(1e3, 1, " ns"),
  rung(1e6, 1e3, " µs"),
  rung(1e9, 1e6, " ms"),
  rung(6e10, 1e9, " s"),
  rung(36e11, 6e10, " min"),
  rung(864e11, 36e11, " hour"),
  rung(END, 864e11, " day"),
]);

export const microseconds = ladder([rung(1e3, 1, " µs"), rung(1e6, 1e3, " ms"), rung(END, 1e6, " s")]);

export const milliseconds = ladder([
  rung(1e3, 1, " ms"),
  rung(6e4, 1e3, " s"),
  rung(36e5, 6e4, " min"),
  rung(864e5, 36e5, " hour"),
  rung(31536e6, 864e5, " day"),
  rung(END, 31536e6, " year"),
]);

const aboveSecond = ladder([
  rung(60, 1, " s"),
  rung(3600, 60, " min"),
  rung(86400, 3600, " hour"),
  rung(604800, 86400, " day"),
  rung(31536e3, 604800, " week"),
  rung(END, 31556900, " year"),
]);

export const seconds: ValueFormat = (value, decimals) => {
  if (value === null) {
    return { text: "" };
  }
  if (value === 0) {
    return { text: "0", suffix: " s" };
  }
  const magnitude = Math.abs(value);
  if (magnitude < 1e-6) {
    return named(value * 1e9, decimals, " ns");
  }
  if (magnitude < 1e-3) {
    return named(value * 1e6, decimals, " µs");
  }
  if (magnitude < 1) {
    return named(value * 1e3, decimals, " ms");
  }
  return aboveSecond(value, decimals);
};

export const minutes = ladder(
  [
    rung(60, 1, " min"),
    rung(1440, 60, " hour"),
    rung(10080, 1440, " day"),
    rung(604800, 10080, " week"),
    rung(END, 525948, " year"),
  ],
  " min",
);

export const hours = ladder(
  [rung(24, 1, " hour"), rung(168, 24, " day"), rung(8760, 168, " week"), rung(END, 8760, " year")],
  " hour",
);

export const days = ladder([rung(7, 1, " day"), rung(365, 7, " week"), rung(END, 365, " year")]);

export const timeTicks: ValueFormat = (value, decimals) => seconds(value === null ? null : value / 100, decimals);

const SPELLED: readonly [name: string, ms: number][] = [
  ["year", 31536e6],
  ["month", 2592e6],
  ["week", 6048e5],
  ["day", 864e5],
  ["hour", 36e5],
  ["minute", 6e4],
  ["second", 1e3],
  ["millisecond", 1],
];

/** "1 day, 3 hours": decimals says how many further parts follow the first. */
export function spelled(unit: "second" | "millisecond"): ValueFormat {
  const unitMs = unit === "second" ? 1000 : 1;
  const format: ValueFormat = (value, decimals) => {
    if (value === null) {
      return { text: "" };
    }
    if (value === 0) {
      return { text: "0", suffix: ` ${unit}s` };
    }
    if (value < 0) {
      const positive = format(-value, decimals);
      return { ...positive, suffix: `${positive.suffix ?? ""} ago` };
    }
    return { text: spell(value * unitMs, decimals ?? 0).join(", ") };
  };
  return format;
}

function spell(totalMs: number, furtherParts: number): string[] {
  const parts: string[] = [];
  let restMs = totalMs;
  let left = furtherParts;
  for (const [name, ms] of SPELLED) {
    if (left < 0) {
      break;
    }
    if (restMs / ms < 1 && parts.length === 0) {
      continue;
    }
    const whole = Math.floor(restMs / ms);
    parts.push(`${whole} ${name}${whole === 1 ? "" : "s"}`);
    restMs %= ms;
    left -= 1;
  }
  return parts;
}

const twoDigits = (value: number) => (value > 9 ? `${value}` : `0${value}`);

function ago(positive: ValueFormat): ValueFormat {
  return (value, decimals) => {
    if (value !== null && value < 0) {
      const formatted = positive(-value, decimals);
      return { ...formatted, suffix: `${formatted.suffix ?? ""} ago` };
    }
    return positive(value, decimals);
  };
}

function hmsText(value: number): string {
  const parts = [Math.floor(value / 3600), Math.floor((value % 3600) / 60), Math.floor((value % 3600) % 60)];
  return parts.map(twoDigits).join(":");
}

/** hh:mm:ss */
export const hms: ValueFormat = ago((value) => ({ text: hmsText(value ?? 0) }));

/** d hh:mm:ss */
export const dhms: ValueFormat = ago((value) => {
  const total = value ?? 0;
  const wholeDays = Math.floor(total / 86400);
  return { text: `${wholeDays > 0 ? `${wholeDays} d ` : ""}${hmsText(total - wholeDays * 86400)}` };
});

/** 01h:02m:03s:004ms, cut after `decimals` parts. */
export function clock(unitMs: number): ValueFormat {
  return (raw, decimals) => {
    if (raw === null) {
      return { text: "" };
    }
    const value = raw * unitMs;
    const date = new Date(value);
    if (Number.isNaN(date.getTime())) {
      // Beyond the calendar only the hours are left to tell.
      return { text: `${Math.floor(value / 36e5)}h` };
    }
    const ms = `${String(date.getUTCMilliseconds()).padStart(3, "0")}ms`;
    const s = `${twoDigits(date.getUTCSeconds())}s`;
    const min = `${twoDigits(date.getUTCMinutes())}m`;
    let parts: string[];
    if (value < 1000) {
      parts = [ms];
    } else if (value < 6e4) {
      parts = decimals === 0 ? [s] : [s, ms];
    } else if (value < 36e5) {
      parts = [min, s, ms];
      parts = decimals === 0 || decimals === 1 ? parts.slice(0, decimals + 1) : parts;
    } else {
      parts = [`${Math.floor(value / 36e5)}h`, min, s, ms];
      parts = decimals === 0 || decimals === 1 || decimals === 2 ? parts.slice(0, decimals + 1) : parts;
    }
    return { text: parts.join(":") };
  };
}
