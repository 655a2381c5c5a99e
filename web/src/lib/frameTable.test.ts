import { expect, test } from "vitest";
import type { Frame, FrameBase, Series } from "../api/frames";
import { frameTable, toCsv } from "./frameTable";

const base: FrameBase = {
  id: "A",
  expr: "x",
  legend: "",
  format: "time_series",
  instant: false,
  stepMs: 1,
  warnings: [],
  infos: [],
};
const times = Float64Array.from([0, 1000]);

function check(frame: Frame, lines: string[]) {
  expect(toCsv(frameTable(frame, "utc")).split("\r\n")).toEqual([...lines, ""]);
}

test("matrix, vector, string and lines as CSV", () => {
  const series: Series[] = [
    { labels: { __name__: "up", job: 'a"b' }, values: Float64Array.from([1, Number.NaN]) },
    { labels: {}, values: Float64Array.from([-2.5, 0]) },
  ];
  check({ ...base, kind: "matrix", times, series }, [
    'Time,"up{job=""a""b""}",{}',
    "1970-01-01 00:00:00.000,1,-2.5",
    "1970-01-01 00:00:01.000,,0",
  ]);
  check({ ...base, kind: "vector", times, series }, [
    "Time,__name__,job,Value",
    '1970-01-01 00:00:00.000,up,"a""b",1',
    "1970-01-01 00:00:01.000,,,-2.5",
  ]);
  check({ ...base, kind: "string", value: "=cmd()" }, ["Value", "'=cmd()"]);
  const entries = { timesNs: ["1700000000123456789"], stream: [0], lines: ["a, b"], metadata: [null] };
  check({ ...base, kind: "streams", streams: [{ job: "x" }], entries }, [
    "Time,Labels,Line",
    '2023-11-14 22:13:20.123,"{job=""x""}","a, b"',
  ]);
});
