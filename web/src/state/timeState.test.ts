import { expect, test } from "vitest";
import { refreshMs } from "./timeState";

test("refresh intervals", () => {
  const hour = 3_600_000;
  const cases: [string, number | null][] = [
    ["", null],
    ["off", null],
    ["5s", 5000],
    ["1m", 60_000],
    ["200ms", 1000],
    ["auto", 5000],
    ["nonsense", null],
  ];
  for (const [text, ms] of cases) expect([text, refreshMs(text, hour)]).toEqual([text, ms]);
  expect(refreshMs("auto", 24 * hour)).toBe(60_000);
});
