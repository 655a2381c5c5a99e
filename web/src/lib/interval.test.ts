import { expect, test } from "vitest";
import { formatIntervalFloor, parseDuration } from "./duration";
import { alignRange, computeInterval, roundInterval } from "./interval";
import { grafana } from "./oracle";

test("rounding equals Grafana's", () => {
  for (let ms = 1; ms < 40 * 365 * 86_400_000; ms = Math.ceil(ms * 1.07)) {
    expect([ms, roundInterval(ms)]).toEqual([ms, grafana.rangeUtil.roundInterval(ms)]);
  }
});

test("durations", () => {
  const cases: [string, number | null][] = [
    ["15s", 15_000],
    ["1h30m", 5_400_000],
    ["500ms", 500],
    [">1m", 60_000],
    ["2d", 172_800_000],
    ["30", 30_000],
    ["", null],
    ["abc", null],
    ["5x", null],
  ];
  for (const [text, ms] of cases) expect([text, parseDuration(text)]).toEqual([text, ms]);
  expect(formatIntervalFloor(90_000)).toBe("1m");
  expect(formatIntervalFloor(86_400_000)).toBe("1d");
  expect(formatIntervalFloor(250)).toBe("250ms");
});

test("steps and rate intervals", () => {
  const hour = { rangeMs: 3_600_000, maxDataPoints: 1000 };
  expect(computeInterval(hour)).toMatchObject({ stepMs: 15_000, interval: "15s", rateInterval: "1m" });
  expect(computeInterval({ ...hour, minStepMs: 60_000 })).toMatchObject({ stepMs: 60_000, rateInterval: "4m" });
  const week = computeInterval({ rangeMs: 7 * 86_400_000, maxDataPoints: 1000 });
  expect(week).toMatchObject({ interval: "10m", rateInterval: "10m15s" });
  expect(computeInterval({ ...hour, factor: 2 }).stepMs).toBe(30_000);
  const many = computeInterval({ rangeMs: 30 * 86_400_000, maxDataPoints: 1e6 });
  expect((30 * 86_400_000) / many.stepMs).toBeLessThanOrEqual(11_000);
  expect(alignRange(1007, 5003, 500)).toEqual({ startMs: 1000, endMs: 5000 });
});
