import { expect, test } from "vitest";
import { describeRange, parseTime, resolveRange } from "./time";

const NOW = Date.UTC(2026, 10, 22, 14, 35, 20); // a Sunday

function check(text: string, iso: string | null, roundUp = false, zone = "utc", fiscalStart = 0) {
  const ms = parseTime(text, { nowMs: NOW, zone, roundUp, fiscalStart });
  expect([text, ms === null ? null : new Date(ms).toISOString()]).toEqual([text, iso]);
}

test("relative times", () => {
  check("now", "2026-11-22T14:35:20.000Z");
  check("now-1h", "2026-11-22T13:35:20.000Z");
  check("now-90m+30s", "2026-11-22T13:05:50.000Z");
  check("now/d", "2026-11-22T00:00:00.000Z");
  check("now/d", "2026-11-22T23:59:59.999Z", true);
  check("now-1d/d", "2026-11-21T00:00:00.000Z");
  check("now-1d/d", "2026-11-21T23:59:59.999Z", true);
  check("now/w", "2026-11-16T00:00:00.000Z");
  check("now/w", "2026-11-22T23:59:59.999Z", true);
  check("now-1M/M", "2026-10-01T00:00:00.000Z");
  check("now/y", "2026-01-01T00:00:00.000Z");
  check("now/d+8h", "2026-11-22T08:00:00.000Z");
  check("now-", null);
  check("now-1x", null);
  check("nowish", null);
});

test("quarters and fiscal years", () => {
  check("now/Q", "2026-10-01T00:00:00.000Z");
  check("now/fy", "2026-04-01T00:00:00.000Z", false, "utc", 3);
  check("now/fy", "2027-03-31T23:59:59.999Z", true, "utc", 3);
  check("now-1y/fy", "2025-04-01T00:00:00.000Z", false, "utc", 3);
  check("now/fQ", "2026-11-01T00:00:00.000Z", false, "utc", 1);
  check("now-1Q/fQ", "2026-10-31T23:59:59.999Z", true, "utc", 1);
  check("now/fy", "2025-12-01T00:00:00.000Z", false, "utc", 11);
  // The calendar's year stays the calendar's.
  check("now/y", "2026-01-01T00:00:00.000Z", false, "utc", 3);
  check("now/y", "2026-12-31T23:59:59.999Z", true, "utc", 3);
  check("now/fd", null, false, "utc", 3);
});

test("absolute times", () => {
  check("1700000000000", "2023-11-14T22:13:20.000Z");
  check("2026-11-22T10:00:00.250Z", "2026-11-22T10:00:00.250Z");
  check("2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00.000Z");
  check("2026-11-22 10:00", "2026-11-22T10:00:00.000Z");
  check("2026-11-22 10:00:05", "2026-11-22T10:00:05.000Z");
  check("2026-11-22", "2026-11-22T00:00:00.000Z");
  check("2026-11-22", "2026-11-22T23:59:59.999Z", true);
  check("20261122T100000", "2026-11-22T10:00:00.000Z");
  check("2026-13-41", null);
  check("", null);
  check("yesterday", null);
});

test("time zones", () => {
  check("now/d", "2026-11-21T23:00:00.000Z", false, "Europe/Berlin");
  check("2026-07-01 12:00", "2026-07-01T10:00:00.000Z", false, "Europe/Berlin");
});

test("ranges", () => {
  const options = { nowMs: NOW, zone: "utc" };
  expect(resolveRange({ from: "now-1h", to: "now" }, options)).toEqual({ fromMs: NOW - 3_600_000, toMs: NOW });
  expect(resolveRange({ from: "now", to: "now-1h" }, options)).toBeNull();
  expect(resolveRange({ from: "x", to: "now" }, options)).toBeNull();
  expect(describeRange({ from: "now-3h", to: "now" }, "utc")).toBe("Last 3 hours");
  expect(describeRange({ from: "now-45m", to: "now" }, "utc")).toBe("Last 45 minutes");
  const absolute = { from: String(NOW - 60_000), to: String(NOW) };
  expect(describeRange(absolute, "utc")).toBe("2026-11-22 14:34:20 to 2026-11-22 14:35:20");
});
