import { expect, test } from "vitest";
import { readPanes } from "./panes";

function check(search: Record<string, string>, expected: unknown) {
  expect(readPanes(search)).toEqual(expected);
}

test("links into Grafana's Explore open here", () => {
  const pane = {
    datasource: "P8E80F9AEF21F6940",
    queries: [{ refId: "A", expr: '{job="api"} |= "x"', datasource: { type: "loki", uid: "P8E80F9AEF21F6940" } }],
    range: { from: "now-6h", to: "now" },
  };
  const expected = { kind: "logql", expr: '{job="api"} |= "x"', from: "now-6h", to: "now" };
  check({ schemaVersion: "1", panes: JSON.stringify({ abc: pane }), orgId: "1" }, expected);
  check({ left: JSON.stringify(pane) }, expected);
  check(
    { left: JSON.stringify(["now-3h", "now", "Prometheus", { expr: "up" }]) },
    {
      kind: "promql",
      expr: "up",
      from: "now-3h",
      to: "now",
    },
  );
  check(
    { panes: JSON.stringify({ a: { queries: [{ expr: '{job="x"}' }], range: {} } }) },
    {
      kind: "logql",
      expr: '{job="x"}',
      from: "now-1h",
      to: "now",
    },
  );
});

test("what is no pane is none", () => {
  check({}, null);
  check({ panes: "{" }, null);
  check({ panes: "[]" }, null);
  check({ panes: "{}" }, null);
});
