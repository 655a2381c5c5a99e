import { expect, test } from "vitest";
import type { Frame } from "../api/frames";
import { framesJson } from "./frameJson";

const base = {
  id: "A",
  expr: "up",
  legend: "",
  format: "time_series",
  instant: false,
  stepMs: 1000,
  warnings: [],
  infos: [],
} as const;

test("an answer reads back as JSON, its numbers on one line", () => {
  const frame: Frame = {
    ...base,
    warnings: ["careful"],
    infos: [],
    kind: "matrix",
    times: Float64Array.of(1, 2, 3),
    series: [{ labels: { job: "a b" }, values: Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY) }],
  };
  const text = framesJson([frame]);
  expect(text).toContain('"times": [1, 2, 3]');
  expect(JSON.parse(text)).toEqual([
    {
      refId: "A",
      query: "up",
      kind: "matrix",
      warnings: ["careful"],
      times: [1, 2, 3],
      series: [{ labels: { job: "a b" }, values: [1, null, "Infinity"] }],
    },
  ]);
});

test("what is too much is counted", () => {
  const lines = Array.from({ length: 2005 }, (_, i) => `line ${i}`);
  const frame: Frame = {
    ...base,
    warnings: [],
    infos: [],
    kind: "streams",
    streams: [{ job: "x" }],
    entries: { timesNs: lines.map(String), stream: lines.map(() => 0), lines, metadata: lines.map(() => null) },
  };
  const [answer] = JSON.parse(framesJson([frame]));
  expect(answer.entries).toHaveLength(2000);
  expect(answer.linesLeftOut).toBe(5);
  expect(answer.entries[1]).toEqual({ timeNs: "line 1", labels: { job: "x" }, line: "line 1" });
});
