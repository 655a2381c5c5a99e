import { expect, test } from "vitest";
import { thinExemplars } from "./thinExemplars";

const range = { fromMs: 0, toMs: 60_000, stepMs: 15_000 };

test("of a step the slowest stays, and what is far from it", () => {
  const all = [0.1, 0.11, 0.12, 0.1, 0.1, 0.1, 0.1, 0.1, 5, 0.1].map((value, i) => ({ timeMs: i * 1000, value }));
  expect(thinExemplars(all, range).map(({ value }) => value)).toEqual([5, 0.12]);
});

test("every step has its own, and a single one is never lost", () => {
  const all = [1000, 16_000, 31_000].map((timeMs) => ({ timeMs, value: 1 }));
  expect(thinExemplars(all, range)).toEqual(all);
  expect(thinExemplars([{ timeMs: 1, value: Number.NaN }], range)).toEqual([]);
  expect(thinExemplars([], range)).toEqual([]);
});

test("thousands become what a chart can show", () => {
  const all = Array.from({ length: 5000 }, (_, i) => ({ timeMs: i * 720, value: (i * 7919) % 100 }));
  const kept = thinExemplars(all, { fromMs: 0, toMs: 3_600_000, stepMs: 1000 });
  expect(kept.length).toBeLessThan(400);
  expect(kept.length).toBeGreaterThanOrEqual(80);
});
