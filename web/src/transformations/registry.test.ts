/** Own transformations against the reference implementation. */

import { describe, expect, it } from "vitest";
import { check, plain, series, step, table } from "./reference";
import { applyTransformations } from "./registry";

const TWO_SERIES = () => [
  series("cpu a", { host: "a", job: "node" }, [1000, 2000, 3000], [1, 2, 3]),
  series("cpu b", { host: "b", job: "node" }, [1000, 2000, 3000], [10, null, 30], "B"),
];
const UNEVEN = () => [
  series("x", { host: "a" }, [1000, 2000], [1, 2]),
  series("y", { host: "b" }, [2000, 3000], [5, 6], "B"),
];
const TABLES = () => [
  table("A", { Time: [1, 1], host: ["a", "b"], "Value #A": [10, 20] }),
  table("B", { Time: [1, 1], host: ["b", "c"], "Value #B": [7, 8] }),
];
const ONE = () => [table("A", { host: ["b", "a", "b", "c"], size: [4, 1, 6, 2], text: ["x", "yy", "x", "z"] })];

describe("transformations", () => {
  it("organize", async () => {
    await check(
      ONE,
      step("organize", {
        excludeByName: { text: true },
        indexByName: { size: 0, host: 1 },
        renameByName: { size: "Size" },
      }),
    );
    await check(ONE, step("organize", { includeByName: { host: true, size: true } }));
    await check(ONE, step("organize", {}));
    await check(ONE, step("organize", { orderByMode: "auto", orderBy: [{ type: "name", desc: true }] }));
    await check(TWO_SERIES, step("organize", { renameByName: { "cpu a": "A!", Time: "When" } }));
  });
  it("merge", async () => {
    await check(TABLES, step("merge"));
    await check(TABLES, step("merge"), step("organize", { excludeByName: { Time: true } }));
    await check(ONE, step("merge"));
    await check(() => [...ONE(), ...TABLES()], step("merge"));
  });
  it("joinByField and seriesToColumns", async () => {
    await check(TWO_SERIES, step("joinByField", { byField: "Time", mode: "outer" }));
    await check(UNEVEN, step("joinByField", {}));
    await check(UNEVEN, step("joinByField", { byField: "Time", mode: "inner" }));
    await check(TABLES, step("joinByField", { byField: "host", mode: "outer" }));
    await check(TABLES, step("joinByField", { byField: "host", mode: "outerTabular" }));
    await check(TABLES, step("seriesToColumns", { byField: "host" }));
    await check(TABLES, step("joinByField", { byField: "size", mode: "inner" }));
  });
  it("filterFieldsByName", async () => {
    await check(ONE, step("filterFieldsByName", { include: { names: ["host", "size"] } }));
    await check(ONE, step("filterFieldsByName", { include: { pattern: "/^s/" } }));
    await check(ONE, step("filterFieldsByName", { exclude: { pattern: "host", names: ["text"] } }));
    await check(TWO_SERIES, step("filterFieldsByName", { include: { names: ["Time", "cpu b"] } }));
    await check(ONE, step("filterFieldsByName", {}));
  });
  it("renameByRegex", async () => {
    await check(TWO_SERIES, step("renameByRegex", { regex: "cpu (.*)", renamePattern: "host $1" }));
    await check(ONE, step("renameByRegex", { regex: "/([st])/g", renamePattern: "_$1" }));
  });
  it("calculateField", async () => {
    await check(TWO_SERIES, step("calculateField", { mode: "reduceRow", reduce: { reducer: "sum" } }));
    await check(
      TWO_SERIES,
      step("calculateField", { reduce: { reducer: "mean", include: ["cpu a", "cpu b"] }, alias: "avg" }),
    );
    await check(
      TWO_SERIES,
      step("calculateField", {
        mode: "binary",
        binary: { left: "cpu a", operator: "/", right: "cpu b" },
        replaceFields: true,
      }),
    );
    await check(ONE, step("calculateField", { mode: "binary", binary: { left: "size", operator: "*", right: "2" } }));
    await check(
      TWO_SERIES,
      step("calculateField", {
        mode: "binary",
        alias: "ratio",
        binary: {
          left: { matcher: { id: "byName", options: "cpu a" } },
          operator: "-",
          right: { fixed: "5" },
        },
      }),
    );
    await check(
      ONE,
      step("calculateField", {
        mode: "binary",
        binary: { left: { matcher: { id: "byType", options: "number" } }, operator: "*", right: { fixed: "2" } },
      }),
    );
    await check(ONE, step("calculateField", { mode: "unary", unary: { operator: "percent", fieldName: "size" } }));
    await check(
      ONE,
      step("calculateField", { mode: "cumulativeFunctions", cumulative: { field: "size", reducer: "sum" } }),
    );
    await check(ONE, step("calculateField", { mode: "index" }));
    for (const windowAlignment of ["trailing", "centered"]) {
      for (const reducer of ["mean", "stdDev"]) {
        const window = { field: "size", reducer, windowAlignment, windowSizeMode: "fixed", windowSize: 3 };
        await check(ONE, step("calculateField", { mode: "windowFunctions", window }));
      }
    }
  });
  it("groupBy", async () => {
    const fields = {
      host: { operation: "groupby", aggregations: [] },
      size: { operation: "aggregate", aggregations: ["sum", "max"] },
    };
    await check(ONE, step("groupBy", { fields }));
    await check(
      ONE,
      step("groupBy", {
        fields: {
          host: { operation: "groupby", aggregations: ["count"] },
          text: { operation: "aggregate", aggregations: ["lastNotNull", "count"] },
        },
      }),
    );
  });
  it("reduce", async () => {
    await check(TWO_SERIES, step("reduce", { reducers: ["max", "lastNotNull"] }));
    await check(TWO_SERIES, step("reduce", { reducers: ["mean"], labelsToFields: true }));
    await check(TWO_SERIES, step("reduce", { mode: "reduceFields", reducers: ["sum"] }));
    await check(
      TWO_SERIES,
      step("reduce", { mode: "reduceFields", includeTimeField: true, reducers: ["last", "count"] }),
    );
    await check(ONE, step("reduce", {}));
  });
  it("sortBy", async () => {
    await check(ONE, step("sortBy", { sort: [{ field: "size", desc: true }] }));
    await check(ONE, step("sortBy", { sort: [{ field: "host" }] }));
    await check(ONE, step("sortBy", { sort: [{ field: "nowhere" }] }));
  });
  it("labelsToFields", async () => {
    await check(TWO_SERIES, step("labelsToFields"), step("merge"));
    await check(TWO_SERIES, step("labelsToFields", { valueLabel: "host" }));
    await check(TWO_SERIES, step("labelsToFields", { keepLabels: ["host"] }));
    await check(TWO_SERIES, step("labelsToFields", { mode: "rows" }));
  });
  it("filterByValue", async () => {
    const filter = (fieldName: string, id: string, options: Record<string, unknown>) => ({
      fieldName,
      config: { id, options },
    });
    const many = [
      filter("size", "greater", { value: 2 }),
      filter("size", "lowerOrEqual", { value: 4 }),
      filter("host", "equal", { value: "b" }),
      filter("host", "notEqual", { value: "b" }),
      filter("text", "regex", { value: "^[xz]$" }),
      filter("text", "substring", { value: "Y" }),
      filter("size", "between", { from: 1, to: 5 }),
      filter("size", "isNotNull", {}),
      filter("gone", "isNull", {}),
    ];
    for (const one of many) {
      for (const type of ["include", "exclude"]) {
        await check(ONE, step("filterByValue", { filters: [one], type, match: "any" }));
      }
    }
    await check(ONE, step("filterByValue", { filters: many.slice(0, 3), type: "include", match: "all" }));
    await check(ONE, step("filterByValue", { filters: many.slice(0, 3), type: "exclude", match: "any" }));
  });
  it("limit, seriesToRows, filterByRefId, convertFieldType", async () => {
    await check(ONE, step("limit", { limitField: 2 }));
    await check(ONE, step("limit", { limitField: "3" }));
    await check(UNEVEN, step("seriesToRows"));
    await check(TWO_SERIES, step("filterByRefId", { include: "B" }));
    await check(TWO_SERIES, step("filterByRefId", { exclude: "/A/" }));
    await check(
      () => [table("A", { n: ["1,000", "x", ""], t: ["2024-01-01T00:00:00Z", "", "2024-01-02T00:00:00Z"] })],
      step("convertFieldType", {
        conversions: [
          { targetField: "n", destinationType: "number" },
          { targetField: "t", destinationType: "time" },
        ],
      }),
    );
  });
  it("skips what is disabled, filters by query and names what it does not know", async () => {
    await check(TWO_SERIES, { id: "limit", disabled: true, options: { limitField: 1 } });
    await check(TWO_SERIES, { id: "limit", options: { limitField: 1 }, filter: { id: "byRefId", options: "B" } });
    expect(applyTransformations(ONE(), [step("hologram")]).unknown).toEqual(["hologram"]);
    const named = applyTransformations(ONE(), [step("organize", { renameByName: { host: "$name" } })], {
      interpolate: (text) => text.replace("$name", "Host"),
    });
    expect(plain(named.frames)[0]?.fields[0]?.name).toBe("Host");
  });
});
