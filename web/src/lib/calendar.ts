/** Days and months as texts, `2026-01-31` and `2026-01`: no zone can move them. */

import { inZone } from "./time";

const DAY_MS = 86_400_000;
const utc = (day: string) => Date.parse(`${day}T00:00:00Z`);
const text = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The day that a moment falls on in a zone. */
export const dayOf = (ms: number, zone: string): string => inZone(ms, zone).format("YYYY-MM-DD");

export const addDays = (day: string, count: number): string => text(utc(day) + count * DAY_MS);

/** The same day of another month, or that month's last. */
export function shiftMonth(day: string, count: number): string {
  const at = new Date(utc(`${day.slice(0, 7)}-01`));
  at.setUTCMonth(at.getUTCMonth() + count);
  const length = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  at.setUTCDate(Math.min(length, Number(day.slice(8))));
  return text(at.getTime());
}

/** The weeks that a month touches, each of seven days. `weekStart`: 0 Sunday, 1 Monday, 6 Saturday. */
export function monthWeeks(month: string, weekStart: number): string[][] {
  const first = `${month}-01`;
  const next = shiftMonth(first, 1);
  const weeks: string[][] = [];
  const back = (new Date(utc(first)).getUTCDay() - weekStart + 7) % 7;
  for (let day = addDays(first, -back); day < next; day = addDays(day, 7)) {
    weeks.push(Array.from({ length: 7 }, (_, i) => addDays(day, i)));
  }
  return weeks;
}

const NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "January February March April May June July August September October November December".split(" ");

export const weekdayNames = (weekStart: number): string[] => NAMES.map((_, i) => NAMES[(i + weekStart) % 7] ?? "");

export const monthName = (month: string): string =>
  `${MONTHS[Number(month.slice(5)) - 1] ?? month} ${month.slice(0, 4)}`;
