import { expect, test } from "vitest";
import { applyFilters, formatFilters, parseFilters } from "./adhoc";

test("filters go into every selector of a PromQL query", () => {
  const filters = [
    { key: "host", operator: "=", value: 'a"b' },
    { key: "gpu", operator: "=|", value: "0,1.5" },
  ];
  const m = 'host="a\\"b",gpu=~"0|1\\\\.5"';
  const cases: [string, string][] = [
    ["up", `up{${m}}`],
    ['up{job="x"}', `up{job="x",${m}}`],
    ["up{}", `up{${m}}`],
    ['up{job="}",}', `up{job="}",${m}}`],
    ['{__name__=~"a|b"}', `{__name__=~"a|b",${m}}`],
    [
      "sum by (job, host) (rate(x_total[5m] offset 1h)) / on(host) group_left(a) y",
      `sum by (job, host) (rate(x_total{${m}}[5m] offset 1h)) / on(host) group_left(a) y{${m}}`,
    ],
    ["sum(a) by (b) > bool 1e3", `sum(a{${m}}) by (b) > bool 1e3`],
    ['label_replace(up, "a", "$1", "b", "(.*)")', `label_replace(up{${m}}, "a", "$1", "b", "(.*)")`],
    ["a:b:rate5m # not c", `a:b:rate5m{${m}} # not c`],
    ["x[1h:5m] @ end()", `x{${m}}[1h:5m] @ end()`],
  ];
  for (const [query, expected] of cases) expect(applyFilters(query, filters, "promql")).toBe(expected);
  expect(applyFilters("up", [], "promql")).toBe("up");
  expect(applyFilters("up", [{ key: "a.b", operator: "!~", value: "x" }], "promql")).toBe('up{"a.b"!~"x"}');
});

test("and behind the stream selectors of a LogQL query", () => {
  const filters = [{ key: "level", operator: "!=", value: "debug" }];
  expect(applyFilters('sum(rate({job="a"} |= "}" [1m])) / sum(rate({job="b"}[1m]))', filters, "logql")).toBe(
    'sum(rate({job="a"} | level!="debug" |= "}" [1m])) / sum(rate({job="b"} | level!="debug"[1m]))',
  );
});

test("filters stand in the URL as Grafana writes them", () => {
  const filters = [
    { key: "a", operator: "=", value: "x|y,z" },
    { key: "b", operator: "=~", value: ".+" },
    { key: "c", operator: "!=|", value: "p" },
  ];
  expect(formatFilters(filters)).toEqual(["a|=|x__gfp__y__gfc__z", "b|=~|.+", "c|!=||p"]);
  expect(parseFilters(formatFilters(filters))).toEqual(filters);
  expect(parseFilters(["", "x", "a|="])).toEqual([]);
});
