import { expect, test } from "vitest";
import { single } from "../interpolate/interpolate";
import { ALL, type VariableModel, type VariableOption } from "./model";
import {
  applyRegex,
  autoInterval,
  customOptions,
  intervalOptions,
  jsonOptions,
  settleSelection,
  sortOptions,
  switchOptions,
  withStatic,
} from "./options";
import { parseVariableQuery } from "./parseQuery";
import { dependencyLevels, resolveVariables, selectedValue } from "./resolve";

const options = (...values: string[]): VariableOption[] => values.map((v) => ({ text: v, value: v }));
const texts = (list: VariableOption[]) => list.map((o) => (o.text === o.value ? o.text : `${o.text}=${o.value}`));
const model = (rest: Partial<VariableModel>): VariableModel => ({ name: "x", type: "query", ...rest });

test("queries", () => {
  const cases: [string, ReturnType<typeof parseVariableQuery>][] = [
    ["label_values(job)", { kind: "labelValues", match: null, label: "job" }],
    [
      "label_values(up{a=\"b,c\", d=~'e)'}, instance)",
      { kind: "labelValues", match: "up{a=\"b,c\", d=~'e)'}", label: "instance" },
    ],
    ['label_values({__name__=~"a|b"},job)', { kind: "labelValues", match: '{__name__=~"a|b"}', label: "job" }],
    ["label_names()", { kind: "labelNames", match: null }],
    ["metrics(node_.*)", { kind: "metrics", pattern: "node_.*" }],
    ["query_result(topk(5, sum by (a) (x)))", { kind: "queryResult", expr: "topk(5, sum by (a) (x))" }],
    ['up{job="x"}', { kind: "series", match: 'up{job="x"}' }],
  ];
  for (const [text, parsed] of cases) expect([text, parseVariableQuery(text)]).toEqual([text, parsed]);
});

test("regular expressions are JavaScript's", () => {
  const check = (regex: string, raw: string[], expected: string[]) =>
    expect([regex, texts(applyRegex(options(...raw), regex))]).toEqual([regex, expected]);
  check("", ["b", "a", "b"], ["b", "a"]);
  check("/ ([0-9\\.]+)/", ["{} 42.5 1700", "{} 42.5 1800"], ["42.5"]);
  check('/.*instance="([^"]*).*/', ['up{instance="a:1",job="x"}'], ["a:1"]);
  check("/.*-(\\d+)/", ["pod-1", "pod-22", "none"], ["1", "22"]);
  check("/^(?!aggregate$).*/", ["aggregate", "aggregates", "x"], ["aggregates", "x"]);
  check("(?!grafanacloud-usage).+", ["grafanacloud-usage", "mine"], ["mine"]);
  check(
    '/gpu_label="(?<text>[^"]+)|uuid="(?<value>[^"]+)/g',
    ['g{gpu_label="GPU 0",uuid="u-0"}', 'g{gpu_label="GPU 1",uuid="u-1"}'],
    ["GPU 0=u-0", "GPU 1=u-1"],
  );
  check(
    "^(?=.*?(?<text>[^.]*))(?<value>.+)",
    ["host.example"],
    ["host=host.example"].map((s) => s),
  );
  expect(() => applyRegex(options("a"), "/(/")).toThrow("does not compile");
});

test("sorting", () => {
  const check = (sort: VariableModel["sort"], expected: string) =>
    expect([sort, texts(sortOptions(options("b2", "B10", "a1"), sort)).join(" ")]).toEqual([sort, expected]);
  check(0, "b2 B10 a1");
  check(1, "B10 a1 b2");
  check(2, "b2 a1 B10");
  check(3, "a1 b2 B10");
  check(4, "B10 b2 a1");
  check(5, "a1 B10 b2");
  check(7, "a1 b2 B10");
  check("alphabeticalAsc", "B10 a1 b2");
  check("disabled", "b2 B10 a1");
});

test("custom and interval lists", () => {
  expect(texts(customOptions("a, b\\,c , Prod : prod-eu, http://x"))).toEqual(["a", "b,c", "Prod=prod-eu", "http://x"]);
  expect(texts(intervalOptions(model({ type: "interval", auto: true }), "1m,10m, 1h"))).toEqual([
    "auto=$__auto",
    "1m",
    "10m",
    "1h",
  ]);
  expect(autoInterval(model({ auto_count: 30, auto_min: "10s" }), 3_600_000)).toBe("2m");
  expect(autoInterval(model({ auto_count: 30, auto_min: "5m" }), 3_600_000)).toBe("5m");
});

test("selections settle", () => {
  const check = (rest: Partial<VariableModel>, wanted: string[], expected: string[]) =>
    expect(settleSelection(model(rest), options("a", "b"), wanted)).toEqual(expected);
  check({}, ["b"], ["b"]);
  check({}, ["gone"], ["a"]);
  check({}, [], ["a"]);
  check({ includeAll: true }, ["gone"], [ALL]);
  check({ includeAll: true }, ["All"], [ALL]);
  check({ multi: true }, ["b", "gone", "a"], ["b", "a"]);
  check({}, ["b", "a"], ["b"]);
  expect(settleSelection(model({}), [], ["kept"])).toEqual(["kept"]);
  // What stands in the link holds, unless the file says that only listed values do.
  expect(settleSelection(model({}), options("a"), ["typed"], true)).toEqual(["typed"]);
  expect(settleSelection(model({ allowCustomValue: false }), options("a"), ["typed"], true)).toEqual(["a"]);
});

test("static options, switches and JSON lists", () => {
  const own = [{ text: "None", value: "" }, { value: "b" }];
  const all = (staticOptionsOrder?: VariableModel["staticOptionsOrder"]) =>
    texts(withStatic(model({ staticOptions: own, staticOptionsOrder }), options("b", "a")));
  expect(all()).toEqual(["None=", "b", "a"]);
  expect(all("after")).toEqual(["b", "a", "None="]);
  expect(all("sorted")).toEqual(["None=", "a", "b"]);
  expect(texts(switchOptions(model({ type: "switch", enabledValue: "1", disabledValue: "0" })))).toEqual([
    "off=0",
    "on=1",
  ]);
  expect(texts(jsonOptions('["a", {"text": "B", "value": "b"}, null, 3]'))).toEqual(["a", "B=b", "3"]);
  expect(() => jsonOptions("[")).toThrow("no JSON");
});

test("variables load in the order of their needs", async () => {
  const models = [
    model({ name: "gpu", query: { query: 'label_values(gpu{host="$host"}, gpu)' }, multi: true, includeAll: true }),
    model({ name: "host", query: 'label_values(up{job="$job"}, host)' }),
    model({ name: "job", type: "custom", query: "node,pharos" }),
    model({ name: "broken", query: "label_values(boom)" }),
  ];
  expect(dependencyLevels(models).map((level) => level.map((m) => m.name))).toEqual([
    ["job", "broken"],
    ["host"],
    ["gpu"],
  ]);
  const asked: string[] = [];
  const states = await resolveVariables({
    models,
    wanted: new Map([["job", ["pharos"]]]),
    range: { fromMs: 0, toMs: 3_600_000 },
    builtIns: new Map(),
    sources: () => [],
    sourceOf: () => "prometheus",
    load: async (query) => {
      if (query.kind !== "labelValues") throw new Error("unexpected");
      asked.push(`${query.match} ${query.label}`);
      if (query.label === "boom") throw new Error("no such label");
      return options(`${query.label}1`, `${query.label}2`);
    },
  });
  expect(asked).toEqual(["null boom", 'up{job="pharos"} host', 'gpu{host="host1"} gpu']);
  expect(states.map((s) => [s.model.name, s.selected, s.error])).toEqual([
    ["gpu", [ALL], null],
    ["host", ["host1"], null],
    ["job", ["pharos"], null],
    ["broken", [], "no such label"],
  ]);
});

test("what All stands for", () => {
  const range = { fromMs: 0, toMs: 3_600_000 };
  const state = { options: options("a", "b"), selected: [ALL], error: null };
  expect(selectedValue({ ...state, model: model({ includeAll: true }) }, range)).toEqual({
    values: ["a", "b"],
    text: "All",
    multi: true,
  });
  expect(selectedValue({ ...state, model: model({ includeAll: true, allValue: ".+" }) }, range).verbatim).toBe(true);
  const interval = { ...state, model: model({ type: "interval", auto: true, auto_count: 60 }), selected: ["$__auto"] };
  expect(selectedValue(interval, range)).toEqual(single("1m", "auto"));
});
