import { expect, test } from "vitest";
import { applyGroupBy } from "./groupBy";

function check(query: string, expected: string, keys = ["job", "zone"]) {
  expect(applyGroupBy(query, keys)).toBe(expected);
}

test("labels join every aggregation", () => {
  check("sum(rate(x[5m]))", "sum by (job, zone)(rate(x[5m]))");
  check("sum by (job) (x)", "sum by (job, zone) (x)");
  check("sum by () (x)", "sum by (job, zone) (x)");
  check("sum(x) by (le)", "sum(x) by (le, job, zone)");
  check(
    "histogram_quantile(0.9, sum by (le) (rate(x[5m])))",
    "histogram_quantile(0.9, sum by (le, job, zone) (rate(x[5m])))",
  );
  check("max(sum by (a) (x))", "max by (job, zone)(sum by (a, job, zone) (x))");
  check("topk(5, x)", "topk by (job, zone)(5, x)");
});

test("what groups otherwise, or only looks like it, stays", () => {
  check("sum without (a) (x)", "sum without (a) (x)");
  check("sum(x) without (a)", "sum(x) without (a)");
  check("rate(x[5m])", "rate(x[5m])");
  check('x{a="sum(y)"}', 'x{a="sum(y)"}');
  check("sum_total", "sum_total");
  check("sum(x)", "sum(x)", []);
  check("sum(x)", "sum(x)", ['a"b']);
  // A query that is not whole is refused by the server, not here.
  check("sum(", "sum by (job, zone)(");
});
