/** Charts as data: alignment, gaps, stacks, scales and axes. */

import { describe, expect, it } from "vitest";
import type { DataFrame, Field, FieldConfig } from "../lib/dataFrame";
import { applyFieldConfig } from "../lib/fieldConfig";
import { alignSeries, bridgeGaps } from "./align";
import { tickFormat, timePattern } from "./axes";
import { graphFieldOptions } from "./fieldOptions";
import { sparklinePoints } from "./Sparkline";
import { scaleKey, tickIncrements, uplotScale } from "./scales";
import { stackSeries } from "./stack";
import { timeSeriesChart } from "./timeSeries";

function frame(name: string, times: number[], values: (number | null)[], config: FieldConfig = {}): DataFrame {
  return {
    name,
    refId: "A",
    length: times.length,
    fields: [
      { name: "Time", type: "time", config: {}, values: times },
      { name: "Value", type: "number", labels: { n: name }, config: { displayNameFromDS: name, ...config }, values },
    ],
  };
}

const chartOf = (frames: DataFrame[], defaults: FieldConfig = {}, hidden: string[] = []) =>
  timeSeriesChart({
    frames: applyFieldConfig(frames, { defaults: defaults as never, overrides: [] }, { theme: "dark" }),
    theme: "dark",
    timeZone: "utc",
    isHidden: (id) => hidden.includes(id),
    range: () => [0, 10],
  });

describe("alignSeries", () => {
  it("shares equal times and joins others", () => {
    const same = alignSeries([frame("a", [1, 2], [5, null]), frame("b", [1, 2], [7, 8])]);
    expect(same.times).toEqual([1, 2]);
    expect(same.series.map(({ values }) => values)).toEqual([
      [5, null],
      [7, 8],
    ]);
    const joined = alignSeries([frame("a", [1, 3], [5, 6]), frame("b", [2, 3], [7, 8])]);
    expect(joined.times).toEqual([1, 2, 3]);
    expect(joined.series.map(({ values }) => values)).toEqual([
      [5, undefined, 6],
      [undefined, 7, 8],
    ]);
    expect(alignSeries([frame("a", [3, 1], [6, 5])]).times).toEqual([1, 3]);
  });
  it("bridges short gaps only", () => {
    expect(bridgeGaps([0, 1, 2, 3, 4, 9], [1, null, 2, null, null, 3], 2)).toEqual([1, undefined, 2, null, null, 3]);
  });
});

describe("stackSeries", () => {
  const check = (mode: "normal" | "percent", columns: (number | null)[][], expected: unknown[][]) =>
    expect(stackSeries(columns.map((values) => ({ values, mode, group: "A" }))).map(({ values }) => values)).toEqual(
      expected,
    );
  it("adds up, leaves gaps, keeps the negative apart, makes shares", () => {
    check(
      "normal",
      [
        [1, 2],
        [3, null],
        [5, 6],
      ],
      [
        [1, 2],
        [4, null],
        [9, 8],
      ],
    );
    check(
      "normal",
      [
        [1, 2],
        [-3, -4],
        [5, 6],
      ],
      [
        [1, 2],
        [-3, -4],
        [6, 8],
      ],
    );
    check(
      "percent",
      [
        [1, 0],
        [3, 0],
      ],
      [
        [0.25, 0],
        [1, 0],
      ],
    );
  });
  it("knows what each stands on", () => {
    const stacked = stackSeries([
      { values: [1], mode: "normal", group: "A" },
      { values: [1], mode: "none", group: "A" },
      { values: [2], mode: "normal", group: "A" },
    ]);
    expect(stacked.map(({ below }) => below)).toEqual([undefined, undefined, 0]);
    expect(stacked[2]?.base).toEqual([1]);
  });
});

describe("timeSeriesChart", () => {
  it("hides series from the data's sums, not from the data", () => {
    const stack = { custom: { stacking: { mode: "normal", group: "A" } } };
    const frames = [frame("a", [1, 2], [1, 2]), frame("b", [1, 2], [10, 20])];
    expect(chartOf(frames, stack).data[2]).toEqual([11, 22]);
    expect(chartOf(frames, stack, ["A/a"]).data[2]).toEqual([10, 20]);
    expect(chartOf(frames, stack, ["A/a"]).series.map(({ visible }) => visible)).toEqual([false, true]);
  });
  it("keeps its signature over new data of the same series", () => {
    const first = chartOf([frame("a", [1, 2], [1, 2])]);
    expect(chartOf([frame("a", [2, 3], [4, 5])]).signature).toBe(first.signature);
    expect(chartOf([frame("b", [2, 3], [4, 5])]).signature).not.toBe(first.signature);
  });
  it("gives each unit its own axis", () => {
    const chart = chartOf([
      frame("a", [1], [1], { unit: "s" }),
      frame("b", [1], [1], { unit: "bytes" }),
      frame("c", [1], [1], { unit: "s" }),
    ]);
    expect(chart.options.axes?.map(({ scale, side }) => [scale?.split("/")[0], side])).toEqual([
      ["x", 2],
      ["s", 3],
      ["bytes", 1],
    ]);
  });
  it("turns values over and takes the palette in order", () => {
    const chart = chartOf([frame("a", [1], [1]), frame("b", [1], [2])], {
      color: { mode: "palette-classic" },
      custom: { transform: "negative-Y" },
    });
    expect(chart.data[2]).toEqual([-2]);
    expect(chart.series.map(({ color }) => color)).toEqual(["#73BF69", "#F2CC0C"]);
  });
  it("survives broken options", () => {
    const custom = { drawStyle: "nonsense", lineWidth: "x", spanNulls: {}, scaleDistribution: null, stacking: "yes" };
    expect(graphFieldOptions({ name: "", type: "number", values: [], config: { custom } })).toMatchObject({
      drawStyle: "line",
      lineWidth: 1,
      spanNulls: false,
      scale: { type: "linear", log: 10 },
      stacking: { mode: "none" },
    });
  });
});

describe("axes", () => {
  const ticks = (unit: string | undefined, splits: number[]) => {
    const field: Field = { name: "v", type: "number", values: splits, config: { unit } };
    const [ready] = applyFieldConfig([{ fields: [field], length: splits.length }], undefined, { theme: "dark" });
    return tickFormat(ready?.fields[0] as Field, false)(splits);
  };
  it("writes ticks exactly and no longer than needed", () => {
    expect(ticks("bytes", [0, 2 ** 29, 2 ** 30, 1.5 * 2 ** 30])).toEqual(["0 B", "512 MiB", "1 GiB", "1.5 GiB"]);
    expect(ticks("percentunit", [0, 0.25, 0.5])).toEqual(["0%", "25%", "50%"]);
    expect(ticks(undefined, [0.2, 0.4, 0.45])).toEqual(["0.2", "0.4", "0.45"]);
    expect(ticks("s", [0, 0.5, 1, 1.5])).toEqual(["0 s", "500 ms", "1 s", "1.5 s"]);
  });
  it("counts durations in minutes and hours, not in hundreds of seconds", () => {
    const between = (unit: string, low: number, high: number) =>
      (tickIncrements(unit) ?? []).filter((step) => step >= low && step <= high);
    expect(between("s", 0.5, 700)).toEqual([0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600]);
    expect(between("ms", 0.1, 60_000)).toEqual([
      0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000,
    ]);
    expect(between("h", 0.9, 50)).toEqual([1, 2, 3, 6, 12, 24, 48]);
    expect(tickIncrements("toString")).toBeUndefined();
  });
  it("tells as much of the date as the range needs", () => {
    const hour = 3_600_000;
    expect([
      timePattern(100, 2000),
      timePattern(5000, hour),
      timePattern(hour, 6 * hour),
      timePattern(hour, 48 * hour),
    ]).toEqual(["HH:mm:ss.SSS", "HH:mm:ss", "HH:mm", "MM/DD HH:mm"]);
  });
  it("separates scales by unit, bounds and side", () => {
    const key = (config: FieldConfig) => {
      const field: Field = { name: "", type: "number", values: [], config };
      return scaleKey(field, graphFieldOptions(field));
    };
    expect(key({ unit: "s" })).toBe(key({ unit: "s", decimals: 2 }));
    expect(key({ unit: "s" })).not.toBe(key({ unit: "ms" }));
    expect(key({ unit: "s" })).not.toBe(key({ unit: "s", max: 1 }));
    expect(key({ unit: "s" })).toBe(key({ unit: "s", custom: { axisPlacement: "hidden" } }));
  });
});

describe("logarithmic scales", () => {
  const check = (config: FieldConfig, data: [number | null, number | null], expected: [number, number]) => {
    const custom = { scaleDistribution: { type: "log", log: 10 }, ...config.custom };
    const field: Field = { name: "", type: "number", values: [], config: { ...config, custom } };
    const options = graphFieldOptions(field);
    const { range } = uplotScale({ key: "y", field, options, percent: false, includesZero: true });
    expect((range as (...args: unknown[]) => unknown)(null, ...data, "y")).toEqual(expected);
  };
  it("take no bound that a logarithm cannot reach", () => {
    check({}, [3, 250], [1, 1000]);
    check({ min: 0 }, [3, 250], [1, 1000]);
    check({ min: -5, max: 0 }, [3, 250], [1, 1000]);
    check({ min: 2, max: 500 }, [3, 250], [2, 500]);
    check({ min: 0 }, [0, 250], [10, 10000]);
    check({ min: 0 }, [null, null], [1, 100]);
    check({ max: 0 }, [-4, -2], [1, 100]);
    check({ min: 0, custom: { axisSoftMin: 0 } }, [3, 3], [0.1, 100]);
  });
});

describe("sparkline", () => {
  it("breaks at gaps and fills the box", () => {
    const lines = sparklinePoints({
      times: [0, 1, 2, 3],
      values: [0, 10, null, 5],
      color: "red",
      width: 30,
      height: 12,
    });
    expect(lines).toEqual([
      [
        [0, 11],
        [10, 1],
      ],
      [[30, 6]],
    ]);
  });
});
