import { expect, test } from "vitest";
import { addLabelFilter } from "./labelFilter";
import { explorePanels, looksOf } from "./panels";

test("labels are added to the first selector", () => {
  const check = (expr: string, op: "=" | "!=", expected: string) =>
    expect(addLabelFilter(expr, "level", 'a"b', op)).toBe(expected);
  check('{job="x"}', "=", '{job="x", level="a\\"b"}');
  check("{}", "!=", '{level!="a\\"b"}');
  check('sum(rate({job="}"} |= "x" [5m]))', "=", 'sum(rate({job="}", level="a\\"b"} |= "x" [5m]))');
  check('{job="x", level="a\\"b"}', "=", '{job="x", level="a\\"b"}');
  check('{job="x", level="a\\"b"}', "!=", '{job="x", level!="a\\"b"}');
  check("up", "=", "up");
});

test("an answer has the looks that its query can give", () => {
  expect(looksOf("promql", "up")).toEqual(["graph", "table"]);
  expect(looksOf("logql", ' {a="b"}')).toEqual(["lines"]);
  expect(looksOf("logql", 'rate({a="b"}[5m])')).toEqual(["graph", "table"]);
  expect(explorePanels("logql", '{a="b"}', "lines").panels.map((p) => p.type)).toEqual(["timeseries", "logs"]);
  expect(explorePanels("promql", "up", "table").panels[0]?.targets[0]?.instant).toBe(true);
  expect(explorePanels("promql", "", "graph").panels).toEqual([]);
});
