/** The rarer transformations: against the reference where it has them, otherwise by what their documentation says. */

import { describe, expect, it } from "vitest";
import { type DataFrame, frameOf, isTrend } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { NESTED } from "./groupToNestedTable";
import { check, series, step, table } from "./reference";
import { applyTransformations, type TransformationStep, unknownTransformations } from "./registry";

const TWO_SERIES = () => [
  series("cpu a", { host: "a", job: "node" }, [1000, 2000, 3000], [1, 2, 3]),
  series("cpu b", { host: "b", job: "node" }, [1000, 2000, 3000], [10, null, 30], "B"),
];
const UNEVEN = () => [
  { ...series("x", { host: "a" }, [1000, 2000], [1, 2]), name: "first" },
  { ...series("y", { host: "b" }, [2000, 3000, 4000], [5, 6, 7], "B"), name: "second" },
];
const ONE = () => [table("A", { host: ["b", "a", "b", "c"], size: [4, 1, 6, 2], text: ["x one", "yy TWO", "x", "z"] })];

function run(frames: DataFrame[], ...steps: TransformationStep[]) {
  const { frames: result, unknown } = applyTransformations(frames, steps);
  expect(unknown).toEqual([]);
  return result.map((frame) =>
    Object.fromEntries(frame.fields.map((field) => [fieldDisplayName(field, frame, result), [...field.values]])),
  );
}

describe("as the reference does", () => {
  it("concatenate", async () => {
    for (const frameNameMode of ["field", "drop", "label"]) {
      await check(UNEVEN, step("concatenate", { frameNameMode, frameNameLabel: "from" }));
    }
    await check(ONE, step("concatenate"));
    await check(() => [...ONE(), ...UNEVEN()], step("concatenate", {}));
  });
  it("formatString", async () => {
    const formats = ["Upper Case", "Lower Case", "Sentence Case", "Title Case", "Pascal Case", "Camel Case"];
    for (const outputFormat of [...formats, "Snake Case", "Kebab Case", "Trim"]) {
      await check(ONE, step("formatString", { stringField: "text", outputFormat }));
    }
    const cut = { outputFormat: "Substring", substringStart: 1, substringEnd: 3 };
    await check(ONE, step("formatString", { stringField: "text", ...cut }));
    await check(ONE, step("formatString", { stringField: "gone", outputFormat: "Upper Case" }));
  });
  it("formatTime", async () => {
    const options = { timeField: "Time", outputFormat: "YYYY-MM-DD HH:mm:ss", timezone: "utc" };
    await check(TWO_SERIES, step("formatTime", options));
    await check(TWO_SERIES, step("formatTime", { ...options, timezone: "America/New_York" }));
    await check(TWO_SERIES, step("formatTime", { ...options, timeField: "gone" }));
  });
  it("groupingToMatrix", async () => {
    const fields = { columnField: "host", rowField: "text", valueField: "size" };
    for (const emptyValue of [undefined, "null", "zero", "false", "true", "empty"]) {
      await check(ONE, step("groupingToMatrix", { ...fields, emptyValue }));
    }
    await check(ONE, step("groupingToMatrix", { columnField: "size", rowField: "host", valueField: "text" }));
    await check(ONE, step("groupingToMatrix", {}));
    await check(TWO_SERIES, step("groupingToMatrix", fields));
  });
  it("transpose", async () => {
    await check(ONE, step("transpose", {}));
    await check(ONE, step("transpose", { firstFieldName: "what", restFieldsName: "is", emptyValue: "zero" }));
    await check(TWO_SERIES, step("transpose", {}));
    await check(() => [table("A", { a: [1, 2, 3], b: [4, 5, 6] })], step("transpose", {}));
  });
  it("histogram", async () => {
    const many = () => [
      series("x", { host: "a" }, [1, 2, 3, 4, 5, 6], [1.5, 2.25, 2.3, 9.75, 4, null]),
      series("y", { host: "b" }, [1, 2, 3], [3, -4.5, 3]),
    ];
    const bucketings = [{}, { bucketSize: 2 }, { bucketSize: "0.5", bucketOffset: 0.25 }, { bucketSize: -3 }];
    for (const options of bucketings) {
      await check(many, step("histogram", options));
    }
    const [both] = run(many(), step("histogram", { combine: true, bucketSize: 5 }));
    expect(both).toEqual({ xMin: [-5, 0, 5], xMax: [0, 5, 10], Count: [1, 6, 1] });
    await check(() => [series("x", {}, [1], [5])], step("histogram", {}));
    await check(() => [table("A", { host: ["a"] })], step("histogram", {}));
  });
  it("filterFields, filterFrames, order, rename, ensureColumns, noop", async () => {
    await check(ONE, step("filterFields", { include: { id: "byType", options: "string" } }));
    await check(ONE, step("filterFields", { exclude: { id: "byName", options: "host" } }));
    await check(TWO_SERIES, step("filterFrames", { include: { id: "byRefId", options: "B" } }));
    await check(UNEVEN, step("filterFrames", { exclude: { id: "byName", options: "first" } }));
    await check(ONE, step("order", { indexByName: { size: 0, text: 1 } }));
    await check(ONE, step("rename", { renameByName: { size: "Size" } }));
    await check(TWO_SERIES, step("ensureColumns", {}));
    await check(ONE, step("noop", {}));
  });
  it("groupToNestedTable, but for what stands inside", async () => {
    const rule = { operation: "groupby", aggregations: [] };
    const options = { fields: { host: rule, size: { operation: "aggregate", aggregations: ["sum"] } } };
    const outside = step("filterFieldsByName", { exclude: { names: [NESTED] } });
    await check(ONE, step("groupToNestedTable", options), outside);
    await check(ONE, step("groupToNestedTable", { fields: {} }));
    const [frame] = applyTransformations(ONE(), [step("groupToNestedTable", options)]).frames;
    const nested = frame?.fields.find(({ name }) => name === NESTED)?.values ?? [];
    const [group] = nested[0] as DataFrame[];
    expect(group?.fields.map(({ name, values }) => [name, values])).toEqual([["text", ["x one", "x"]]]);
  });
});

describe("extractFields", () => {
  const lines = (...values: unknown[]) => [
    frameOf([
      { name: "Time", type: "time", config: {}, values: values.map((_, row) => row) },
      { name: "line", type: "string", config: {}, values },
    ]),
  ];
  it("reads JSON, pairs, expressions and parts", () => {
    const json = step("extractFields", { source: "line", format: "json", replace: true });
    expect(run(lines('{"a":1,"b":"x"}', "no json", '{"a":2}'), json)).toEqual([
      { a: [1, undefined, 2], b: ["x", undefined, undefined] },
    ]);
    const auto = step("extractFields", { source: "line", replace: true, keepTime: true });
    expect(run(lines('a=1 b="two words"', '{"a":"3"}'), auto)).toEqual([
      { Time: [0, 1], a: ["1", "3"], b: ["two words", undefined] },
    ]);
    const regExp = "/(?<verb>[A-Z]+) (?<path>\\S+)/";
    expect(
      run(lines("GET /x 200", "?"), step("extractFields", { source: "line", format: "regexp", regExp, replace: true })),
    ).toEqual([{ verb: ["GET", undefined], path: ["/x", undefined] }]);
    const parts = step("extractFields", { source: "line", format: "delimiter", delimiter: ";", replace: true });
    expect(run(lines("a; b"), parts)).toEqual([{ 1: ["a"], 2: ["b"] }]);
  });
  it("follows paths and reads labels", () => {
    const jsonPaths = [{ path: "a.b[1]", alias: "second" }, { path: "gone" }, { path: "c" }];
    const paths = step("extractFields", { source: "line", format: "json", jsonPaths, replace: true });
    expect(run(lines('{"a":{"b":[1,2]},"c":true}'), paths)).toEqual([{ second: [2], c: [true] }]);
    const labels = step("extractFields", { source: "line" });
    expect(run(lines({ job: "x" }), labels)[0]?.job).toEqual(["x"]);
  });
  it("stays within bounds and off prototypes", () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`f${index}`, index])));
    const all = step("extractFields", { source: "line", format: "json", replace: true });
    expect(Object.keys(run(lines(wide))[0] ?? {})).toHaveLength(2);
    expect(Object.keys(run(lines(wide), all)[0] ?? {})).toHaveLength(500);
    const jsonPaths = [{ path: "__proto__.polluted" }, { path: "constructor.name" }];
    expect(
      run(lines("{}"), step("extractFields", { source: "line", format: "json", jsonPaths, replace: true })),
    ).toEqual([{}]);
  });
});

describe("by their documentation", () => {
  it("timeSeriesTable", () => {
    const { frames } = applyTransformations(TWO_SERIES(), [step("timeSeriesTable", { A: { stat: "max" } })]);
    expect(frames.map((frame) => frame.fields.map(({ name }) => name))).toEqual([
      ["host", "job", "Trend #A"],
      ["host", "job", "Trend #B"],
    ]);
    const trend = frames[0]?.fields[2]?.values[0];
    expect(isTrend(trend) && [trend.value, trend.fields[1]?.values]).toEqual([3, [1, 2, 3]]);
  });
  it("configFromData", () => {
    const config = table("C", { unit: ["bytes"], max: [50], Threshold1: [40], note: ["x"] });
    const { frames } = applyTransformations([...TWO_SERIES(), config], [step("configFromData", { configRefId: "C" })]);
    expect(frames).toHaveLength(2);
    expect(frames[0]?.fields[1]?.config).toMatchObject({
      unit: "bytes",
      max: 50,
      thresholds: { steps: [{ color: "green" }, { color: "red", value: 40 }] },
    });
    const names = table("C", { id: ["0", "1"], state: ["down", "up"], tint: ["red", "green"] });
    const mappings = [
      { fieldName: "id", handlerKey: "mappings.value" },
      { fieldName: "state", handlerKey: "mappings.text" },
      { fieldName: "tint", handlerKey: "mappings.color" },
    ];
    const mapped = applyTransformations(
      [...TWO_SERIES(), names],
      [step("configFromData", { configRefId: "C", mappings })],
    );
    expect(mapped.frames[0]?.fields[1]?.config.mappings).toEqual([
      {
        type: "value",
        options: { 0: { text: "down", color: "red", index: 0 }, 1: { text: "up", color: "green", index: 1 } },
      },
    ]);
  });
  it("rowsToFields", () => {
    const rows = () => [
      table("A", { Name: ["cpu", "mem"], Value: [1, 2], Unit: ["percent", "bytes"], zone: ["x", "y"] }),
    ];
    const { frames } = applyTransformations(rows(), [step("rowsToFields")]);
    expect(frames[0]?.fields.map(({ name, values, labels, config }) => [name, values, labels, config.unit])).toEqual([
      ["cpu", [1], { zone: "x" }, "percent"],
      ["mem", [2], { zone: "y" }, "bytes"],
    ]);
  });
  it("prepareTimeSeries", () => {
    const many = () => [table("A", { Time: [1, 1, 2, 2], host: ["a", "b", "a", "b"], load: [10, 20, 11, 21] })];
    expect(run(many(), step("prepareTimeSeries", { format: "multi" }))).toEqual([
      { Time: [1, 2], "load a": [10, 11] },
      { Time: [1, 2], "load b": [20, 21] },
    ]);
    expect(run(many(), step("prepareTimeSeries", { format: "wide" }))).toEqual([
      { Time: [1, 2], "load a": [10, 11], "load b": [20, 21] },
    ]);
    expect(run(many(), step("prepareTimeSeries", { format: "long" }))).toEqual([
      { Time: [1, 1, 2, 2], load: [10, 20, 11, 21], host: ["a", "b", "a", "b"] },
    ]);
  });
  it("partitionByValues", () => {
    expect(run(ONE(), step("partitionByValues", { fields: ["host"] }), step("limit", { limitField: 1 }))).toEqual([
      { "size b": [4], "text b": ["x one"] },
      { "size a": [1], "text a": ["yy TWO"] },
      { "size c": [2], "text c": ["z"] },
    ]);
    const naming = { asLabels: false, withNames: true };
    const { frames } = applyTransformations(ONE(), [
      step("partitionByValues", { fields: ["host"], naming, keepFields: true }),
    ]);
    expect(frames.map(({ name, fields }) => [name, fields.length])).toEqual([
      ["host=b", 3],
      ["host=a", 3],
      ["host=c", 3],
    ]);
  });
  it("joinByLabels", () => {
    const one = (name: string, host: string, value: number) => series("", { name, host }, [1], [value]);
    const frames = [one("cpu", "a", 1), one("mem", "a", 2), one("cpu", "b", 3)];
    expect(run(frames, step("joinByLabels", { value: "name" }))).toEqual([
      { host: ["a", "b"], cpu: [1, 3], mem: [2, null] },
    ]);
  });
  it("heatmap counts into cells", () => {
    const frames = [series("x", {}, [0, 500, 1000, 1500], [1, 1.5, 3, 1])];
    const options = { xBuckets: { mode: "size", value: "1s" }, yBuckets: { mode: "size", value: "2" } };
    expect(run(frames, step("heatmap", options))).toEqual([
      { xMin: [0, 1000, 1000], xMax: [1000, 2000, 2000], yMin: [0, 0, 2], yMax: [2, 2, 4], Count: [2, 1, 1] },
    ]);
    const log = { yBuckets: { scale: { type: "log", log: 2 } } };
    expect(run([series("x", {}, [0], [5])], step("heatmap", log))[0]).toMatchObject({ yMin: [4], yMax: [8] });
  });
  it("regression finds lines and parabolas", () => {
    const at = [0, 1000, 2000, 3000];
    const line = run([series("x", {}, at, [1, 3, 5, 7])], step("regression", { predictionCount: 3 }))[1];
    expect(line?.["Linear regression"]?.map((value) => Number(Number(value).toFixed(6)))).toEqual([1, 4, 7]);
    const curve = { modelType: "polynomial", degree: 2, predictionCount: 4 };
    const parabola = run([series("x", {}, at, [0, 1, 4, 9])], step("regression", curve))[1];
    expect(
      parabola?.["Polynomial regression"]?.map((value) => Math.round(Math.abs(Number(value)) * 1e6) / 1e6),
    ).toEqual([0, 1, 4, 9]);
  });
  it("smoothing takes noise away", () => {
    const values = Array.from(
      { length: 200 },
      (_, index) => (index > 90 && index < 110 ? -9 : 0) + (index % 2 === 0 ? 0.4 : -0.4),
    );
    const { frames } = applyTransformations(
      [
        series(
          "x",
          {},
          values.map((_, index) => index),
          values,
        ),
      ],
      [step("smoothing", { resolution: 200 })],
    );
    const smooth = frames[1]?.fields[1]?.values as number[];
    const largest = Math.max(...smooth.slice(1).map((value, index) => Math.abs(value - (smooth[index] ?? 0))));
    expect(largest).toBeLessThan(5);
    expect(Math.max(...smooth)).toBeLessThan(0.2);
    expect(smooth.length).toBe(frames[1]?.fields[0]?.values.length);
  });
  it("none of those found in real dashboards is unknown", () => {
    const ids =
      "organize merge calculateField renameByRegex reduce labelsToFields filterFieldsByName extractFields groupBy filterByValue sortBy filterByRefId joinByField seriesToColumns timeSeriesTable convertFieldType configFromData groupingToMatrix formatTime limit prepareTimeSeries seriesToRows transpose";
    expect(unknownTransformations(ids.split(" ").map((id) => ({ id })))).toEqual([]);
  });
});
