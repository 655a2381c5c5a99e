/** Own reducers against the reference implementation. */

import type { FieldType } from "@grafana/data";
import { describe, expect, it } from "vitest";
import type { FieldType as OwnType } from "./dataFrame";
import { grafana } from "./oracle";
import { reduceField, reducerIds, reducerInfo } from "./reduce";

const { fieldReducers, reduceField: reference } = grafana;

const COLUMNS: [OwnType, unknown[]][] = [
  ["number", [1, 2, 3, 2, 10, 0.5]],
  ["number", [null, 5, null, 3, null]],
  ["number", [0, 0, 0]],
  ["number", [null, null]],
  ["number", []],
  ["number", [7]],
  ["number", [-3, 4, Number.NaN, 2]],
  ["number", [10, 20, 5, 15, 30]],
  ["number", [0, 4, 4, 8]],
  ["time", [1000, 2000, 4000]],
];

function check(type: OwnType, values: unknown[], id: string) {
  const theirs = reference({
    field: { name: "v", type: type as FieldType, values: values as number[], config: {} },
    reducers: [id],
  })[id];
  const ours = reduceField({ name: "v", type, values, config: {} }, [id])[id];
  expect({ values, id, result: ours ?? null }).toEqual({ values, id, result: theirs ?? null });
}

describe("reducers", () => {
  it.each(reducerIds().filter((id) => !/^p\d\d?$/.test(id) || ["p1", "p25", "p50", "p90", "p99"].includes(id)))(
    "%s",
    (id) => {
      for (const [type, values] of COLUMNS) {
        check(type, values, id);
      }
    },
  );

  it("knows every reducer and its name", () => {
    for (const { id, name, preservesUnits } of fieldReducers.list()) {
      expect(reducerInfo(id)).toEqual({ id, name, keepsUnit: preservesUnits });
    }
    expect(reducerInfo("avg")?.id).toBe("mean");
    expect(reducerInfo("nonsense")).toBeUndefined();
  });

  it("takes the ends of texts", () => {
    const field = { name: "s", type: "string" as const, values: ["a", null, "b", null], config: {} };
    expect(reduceField(field, ["first", "lastNotNull", "count", "last"])).toEqual({
      first: "a",
      lastNotNull: "b",
      count: 2,
      last: null,
    });
  });
});
