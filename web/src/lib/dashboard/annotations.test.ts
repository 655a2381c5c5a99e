import { expect, test } from "vitest";
import type { Frame } from "../../api/frames";
import { annotationsFrom, compileAnnotation, concerns } from "./annotations";
import { type AnnotationQuery, readDashboard } from "./model";

function query(raw: object): AnnotationQuery {
  const [found] = readDashboard({ annotations: { list: [{ builtIn: 1, name: "own" }, raw] } }).annotations;
  return found as AnnotationQuery;
}

const base = { id: "A", expr: "", legend: "", stepMs: 10, warnings: [], infos: [], instant: false };
const context = { scope: new Map(), variables: [], range: { fromMs: 0, toMs: 3_600_000 } };

test("values above zero are events, and those that follow each other one with a length", () => {
  const frame: Frame = {
    ...base,
    format: "time_series",
    kind: "matrix",
    times: Float64Array.from([0, 10, 20, 30, 40]),
    series: [{ labels: { host: "x", job: "j" }, values: Float64Array.from([1, 1, 0, Number.NaN, 2]) }],
  };
  const events = annotationsFrom(
    query({ name: "Restarts", titleFormat: "{{host}} again", tagKeys: "job, none", iconColor: "red" }),
    frame,
  );
  expect(events.map(({ timeMs, timeEndMs, title, tags }) => [timeMs, timeEndMs, title, tags])).toEqual([
    [0, 10, "x again", ["j"]],
    [40, undefined, "x again", ["j"]],
  ]);
  expect(events[0]).toMatchObject({ color: "red", source: "Restarts" });
  const timed = annotationsFrom(query({ useValueForTime: "on" }), frame);
  expect(timed.map((e) => e.timeMs)).toEqual([1, 2]);
});

test("log lines are events with their text", () => {
  const frame: Frame = {
    ...base,
    format: "logs",
    kind: "streams",
    streams: [{ app: "a" }],
    entries: {
      timesNs: ["2000000000", "1000000000"],
      stream: [0, 0],
      lines: ["second", "first"],
      metadata: [null, { v: "7" }],
    },
  };
  const events = annotationsFrom(query({ titleFormat: "{{app}} {{v}}" }), frame);
  expect(events.map((e) => [e.timeMs, e.title, e.text])).toEqual([
    [1000, "a 7", "first"],
    [2000, "a ", "second"],
  ]);
});

test("what is asked for, and on which panels it stands", () => {
  const made = compileAnnotation(
    query({ expr: "up == 0", datasource: { type: "prometheus", uid: "x" }, step: "30s" }),
    context,
  );
  expect(made).toMatchObject({ kind: "promql", stepMs: 30_000, startMs: 0, endMs: 3_600_000 });
  expect(compileAnnotation(query({ expr: "x", datasource: { type: "postgres", uid: "x" } }), context)).toBeNull();
  expect(compileAnnotation(query({ expr: '{a="b"}', datasource: { type: "loki" } }), context)?.limit).toBe(500);
  const only = query({ filter: { ids: [3], exclude: false } });
  const but = query({ filter: { ids: [3], exclude: true } });
  expect([concerns(only, 3), concerns(only, 4), concerns(but, 3), concerns(but, 4)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});
