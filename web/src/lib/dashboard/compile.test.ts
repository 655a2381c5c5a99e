import { expect, test } from "vitest";
import type { PanelModel } from "../../panels/types";
import { single } from "../interpolate/interpolate";
import { type CompileContext, compilePanel } from "./compile";
import { readDashboard } from "./model";

const context: CompileContext = {
  scope: new Map([["job", single("node")]]),
  variables: [{ name: "ds", type: "datasource", query: "loki" }],
  range: { fromMs: 1_000_007, toMs: 4_600_007 },
  zone: "utc",
  width: 1000,
  panels: [],
};

function compile(raw: object, rest: Partial<CompileContext> = {}) {
  const [panel] = readDashboard({ panels: [raw] }).panels as [PanelModel];
  return compilePanel(panel, { ...context, ...rest });
}

test("a range query", () => {
  const made = compile({ targets: [{ expr: 'rate(x{job="$job"}[$__rate_interval])', legendFormat: "{{a}} $job" }] });
  expect(made.problems).toEqual([]);
  expect(made.queries).toEqual([
    {
      refId: "A",
      kind: "promql",
      expr: 'rate(x{job="node"}[1m])',
      legend: "{{a}} node",
      format: "time_series",
      instant: false,
      startMs: 990_000,
      endMs: 4_590_000,
      stepMs: 15_000,
      limit: null,
      hidden: false,
      exemplar: false,
    },
  ]);
});

test("sources", () => {
  const kind = (datasource: unknown, expr = "up", type = "timeseries") => {
    const made = compile({ type, targets: [{ expr, datasource }] });
    return made.queries[0]?.kind ?? made.problems[0] ?? "none";
  };
  expect(kind(null)).toBe("promql");
  expect(kind({ type: "prometheus", uid: "${DS_PROMETHEUS}" })).toBe("promql");
  expect(kind({ type: "loki", uid: "abc" })).toBe("logql");
  expect(kind("Loki")).toBe("logql");
  expect(kind("${DS_LOKI}")).toBe("logql");
  expect(kind("$ds")).toBe("logql");
  expect(kind({ uid: "${ds}" })).toBe("logql");
  expect(kind(null, '{a="b"} |= "x"')).toBe("logql");
  expect(kind(null, '{a="b"}', "logs")).toBe("logql");
  expect(kind({ type: "datasource", uid: "grafana" })).toBe("none");
  expect(kind({ type: "mysql", uid: "x" })).toContain("“mysql”");
});

test("instant, hidden, empty and log queries", () => {
  expect(compile({ targets: [{ expr: "up", instant: true, format: "table" }] }).queries[0]).toMatchObject({
    instant: true,
    format: "table",
    endMs: 4_600_007,
  });
  expect(compile({ targets: [{ expr: "up", instant: true, range: true }] }).queries[0]?.instant).toBe(false);
  expect(compile({ targets: [{ expr: "up", hide: true }, { expr: " " }] }).queries).toEqual([]);
  const logs = compile({ type: "logs", datasource: { type: "loki" }, targets: [{ expr: '{a="b"}', maxLines: 50 }] });
  expect(logs.queries[0]).toMatchObject({ kind: "logql", limit: 50, format: "logs", startMs: 1_000_007 });
});

test("expressions ask for what they need, and filters go into the queries", () => {
  const targets = [
    { refId: "A", expr: "a", hide: true },
    { refId: "B", expr: "b", hide: true },
    { refId: "C", datasource: { type: "__expr__", uid: "__expr__" }, type: "math", expression: "$A * $factor" },
  ];
  const scope = new Map([["factor", single("2")], ["A", single("never")]]); // biome-ignore format: pairs
  const made = compile({ targets }, { scope, filters: { promql: [{ key: "x", operator: "=", value: "1" }] } });
  expect(made.problems).toEqual([]);
  expect(made.queries.map((q) => [q.refId, q.expr, q.hidden])).toEqual([["A", 'a{x="1"}', true]]);
  expect(made.expressions.map((e) => [e.refId, e.text, e.needs])).toEqual([["C", "$A * 2", ["A"]]]);
  const wrong = compile({ targets: [{ refId: "E", datasource: "__expr__", type: "sql", expression: "select" }] });
  expect(wrong.problems[0]).toContain("not available in this version");
});

test("a panel's own time", () => {
  const own = compile({ timeFrom: "30m", timeShift: "1d", targets: [{ expr: "up" }] });
  expect(own.range).toEqual({ fromMs: 4_600_007 - 1_800_000 - 86_400_000, toMs: 4_600_007 - 86_400_000 });
  expect(own.rangeNote).toBe("Last 30m, 1d earlier");
  expect(compile({ interval: "1m", targets: [{ expr: "x[$__interval]" }] }).queries[0]?.expr).toBe("x[1m]");
});

test("another panel's data", () => {
  const panels = readDashboard({ panels: [{ id: 3, targets: [{ expr: "up" }] }] }).panels;
  const made = compile({ datasource: { uid: "-- Dashboard --" }, targets: [{ panelId: 3 }] }, { panels });
  expect(made.queries[0]?.expr).toBe("up");
});
