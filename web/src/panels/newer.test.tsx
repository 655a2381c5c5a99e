/** The rarer panels: what they make of their data, and that no option of a file harms them. */

import { act } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, it, vi } from "vitest";
import type { MatrixFrame } from "../api/frames";
import { alignSeries } from "../charts/align";
import { timeSeriesChart } from "../charts/timeSeries";
import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import { barModel } from "./barchart/model";
import { barChartOptions } from "./barchart/options";
import { slotOf } from "./barchart/plot";
import { candlesOf } from "./candlestick/CandlestickPanel";
import { toDataFrames } from "./dataFrames";
import { cellPalette, schemeFunction } from "./heatmap/colors";
import { cellAt, heatmapModel, placeOnAxis } from "./heatmap/model";
import { heatmapOptions } from "./heatmap/options";
import { bucketTable } from "./histogram/buckets";
import { END_MS, matrix, STEP_MS, vector } from "./playgroundData";
import { NEWER } from "./playgroundNewer";
import { findPanelType } from "./registry";
import { stateAt, timelineLegend, timelineRows } from "./timeline/model";
import { timelineOptions } from "./timeline/options";
import { chartEvent, drawnExemplars } from "./timeseries/overlays";
import { trendData } from "./trend/TrendPanel";
import type { PanelModel, PanelProps } from "./types";
import { panelFrames } from "./usePanelFrames";
import { xySeries } from "./xychart/model";

HTMLCanvasElement.prototype.getContext = () => null;
const plots: string[] = [];
vi.mock("../charts/UPlotChart", () => ({
  UPlotChart: ({ ariaLabel }: { ariaLabel: string }) => {
    plots.push(ariaLabel);
    return null;
  },
}));

const context = { theme: "dark" as const, timeZone: "utc", interpolate: (text: string) => text };

function panelOf(
  type: string,
  options: Record<string, unknown> = {},
  defaults: Record<string, unknown> = {},
): PanelModel {
  return {
    id: 1,
    type,
    title: "T",
    gridPos: { x: 0, y: 0, w: 12, h: 8 },
    targets: [],
    options,
    fieldConfig: { defaults, overrides: [] },
  };
}

const one = (...values: number[]) =>
  matrix({ legend: "x", series: [{ labels: {}, values: Float64Array.from(values) }] });
const ready = (panel: PanelModel, ...frames: Parameters<typeof panelFrames>[1]) =>
  panelFrames(panel, frames, context).frames;

describe("heatmap", () => {
  const bucket = (le: string, ...values: number[]) => ({ labels: { le }, values: Float64Array.from(values) });
  const cumulative: MatrixFrame = {
    ...matrix({ legend: "{{le}}", series: [bucket("+Inf", 10, 12), bucket("0.5", 4, 4), bucket("1", 9, 3)] }),
    format: "heatmap",
  };
  const options = (given: Record<string, unknown> = {}) => heatmapOptions(panelOf("heatmap", given));
  it("takes cumulative buckets apart, in order, never below zero", () => {
    const frames = toDataFrames([cumulative]);
    expect(frames.map(({ name, fields }) => [name, fields[1]?.values])).toEqual([
      ["0.5", [4, 4]],
      ["1", [5, 0]],
      ["+Inf", [1, 9]],
    ]);
    expect(toDataFrames([{ ...cumulative, format: "time_series" }])[0]?.fields[1]?.values).toEqual([10, 12]);
  });
  it("makes a row of each bucket and finds cells again", () => {
    const model = heatmapModel(ready(panelOf("heatmap"), cumulative), options());
    expect(model?.rows?.map(({ low, high }) => [low, high])).toEqual([
      [undefined, 0.5],
      [0.5, 1],
      [1, Number.POSITIVE_INFINITY],
    ]);
    // Empty cells are not drawn.
    expect(model?.count).toEqual([4, 5, 1, 4, 9]);
    expect(model?.x1[0]).toBe(END_MS - STEP_MS);
    const cell = model && cellAt(model, END_MS - 1, 2.5);
    expect(model?.count[cell ?? -1]).toBe(9);
    expect(model && cellAt(model, END_MS - 1, 1.5)).toBe(-1);
    expect(model && cellAt(model, END_MS + 10, 0.5)).toBe(-1);
    expect(model && [placeOnAxis(model, 0.7), placeOnAxis(model, 50)]).toEqual([1.5, 2.5]);
  });
  it("reads native histograms as cells on an axis of powers", () => {
    const sample = (buckets: [number, string, string, string][]) => ({ count: "1", sum: "1", buckets });
    const native: MatrixFrame = {
      ...matrix({ legend: "", series: [{ labels: {}, values: new Float64Array(1).fill(Number.NaN) }] }),
      series: [
        {
          labels: {},
          values: new Float64Array(1).fill(Number.NaN),
          histograms: [
            [
              0,
              sample([
                [0, "1", "2", "5"],
                [0, "2", "4", "7"],
                [0, "4", "8", "1"],
              ]),
            ],
          ],
        },
      ],
    };
    const frames = toDataFrames([native]);
    expect(frames).toHaveLength(1);
    const model = heatmapModel(frames, options());
    expect([model?.count, model?.y0, model?.logarithmic]).toEqual([[5, 7, 1], [1, 2, 4], true]);
    expect(bucketTable(frames)?.fields.map(({ values }) => values)).toEqual([
      [1, 2, 4],
      [2, 4, 8],
      [5, 7, 1],
    ]);
  });
  it("calculates from data, filters and bounds", () => {
    const frames = ready(panelOf("heatmap"), one(1, 2, 3, 40));
    const model = heatmapModel(
      frames,
      options({ calculate: true, calculation: { yBuckets: { mode: "size", value: "10" } } }),
    );
    expect(model?.count.reduce((sum, count) => sum + count, 0)).toBe(4);
    const filtered = heatmapModel(ready(panelOf("heatmap"), cumulative), options({ filterValues: { le: 4, ge: 9 } }));
    expect(filtered?.count).toEqual([5]);
    expect(heatmapModel([], options())).toBeUndefined();
    expect(heatmapModel(toDataFrames([vector("A", [[{ x: "1" }, 1]])]), options({ calculate: true }))?.count).toEqual([
      1,
    ]);
  });
  it("has Grafana's colours: much is red in diverging schemes, light in the dark", () => {
    expect(schemeFunction("Spectral", false, "dark")(1)).toBe("rgb(158, 1, 66)");
    expect(schemeFunction("Blues", false, "dark")(1)).toBe("rgb(247, 251, 255)");
    expect(schemeFunction("Blues", false, "light")(1)).toBe("rgb(8, 48, 107)");
    expect(schemeFunction("Blues", true, "light")(0)).toBe("rgb(8, 48, 107)");
    expect(schemeFunction("Turbo", false, "light")(0.9)).toBe(schemeFunction("Turbo", false, "dark")(0.9));
    expect(schemeFunction("constructor", false, "light")(1)).toBe(schemeFunction("Oranges", false, "light")(1));
    const { indexOf } = cellPalette(options({ color: { steps: 11, scale: "linear" } }), [0, 10], "dark");
    expect([indexOf(0), indexOf(5), indexOf(10), indexOf(99)]).toEqual([0, 5, 10, 10]);
  });
});

describe("timelines", () => {
  const mappings = [
    { type: "value", options: { 0: { text: "down", color: "red" }, 1: { text: "up", color: "green" } } },
  ];
  const rows = (given: Record<string, unknown>, custom: Record<string, unknown>, ...values: number[]) => {
    const panel = panelOf("state-timeline", given, { mappings, custom });
    return timelineRows(ready(panel, one(...values)), timelineOptions(panel), END_MS + STEP_MS);
  };
  const spans = (found: ReturnType<typeof rows>) =>
    found[0]?.states.map(({ text, fromMs, toMs }) => [text, (toMs - fromMs) / STEP_MS]);
  const none = Number.NaN;
  it("merge equal neighbours and last until the next value", () => {
    expect(spans(rows({}, {}, 1, 1, 0, 1))).toEqual([
      ["up", 2],
      ["down", 1],
      ["up", 1],
    ]);
    expect(spans(rows({ mergeValues: false }, {}, 1, 1))).toEqual([
      ["up", 1],
      ["up", 1],
    ]);
  });
  it("end at missing values, or bridge them", () => {
    expect(spans(rows({}, {}, 1, none, none, 1))).toEqual([
      ["up", 1],
      ["up", 1],
    ]);
    expect(spans(rows({}, { spanNulls: true }, 1, none, none, 1))).toEqual([["up", 4]]);
    expect(spans(rows({}, { spanNulls: STEP_MS }, 1, none, none, 1))).toEqual([
      ["up", 1],
      ["up", 1],
    ]);
    expect(spans(rows({}, { insertNulls: STEP_MS / 2 }, 1, 0))).toEqual([
      ["up", 0.5],
      ["down", 0.5],
    ]);
  });
  it("find states by time and list their colours", () => {
    const found = rows({}, {}, 1, 0);
    expect(found[0] && stateAt(found[0], END_MS - STEP_MS)?.text).toBe("up");
    expect(found[0] && stateAt(found[0], END_MS)?.text).toBe("down");
    expect(found[0] && stateAt(found[0], END_MS - 9e9)).toBeUndefined();
    expect(timelineLegend(found, "dark").map(({ label, color }) => [label, color])).toEqual([
      ["up", "#73BF69"],
      ["down", "#F2495C"],
    ]);
  });
  it("status history has a box a point", () => {
    const panel = panelOf("status-history", {}, { mappings });
    const found = timelineRows(ready(panel, one(1, 1, none, 0)), timelineOptions(panel), END_MS);
    expect(spans(found)).toEqual([
      ["up", 1],
      ["up", 1],
      ["down", 1],
    ]);
  });
});

describe("bar chart", () => {
  const options = (given: Record<string, unknown> = {}) => barChartOptions(panelOf("barchart", given));
  const model = (given: Record<string, unknown>, ...frames: Parameters<typeof panelFrames>[1]) =>
    barModel(ready(panelOf("barchart"), ...frames), options(given), { theme: "dark", isHidden: () => false });
  it("names categories by texts, series, or times", () => {
    const table = vector("A", [
      [{ host: "a" }, 1],
      [{ host: "b" }, 2],
    ]);
    expect(model({}, table).model?.categories).toEqual(["a", "b"]);
    const instant = vector(
      "A",
      [
        [{ host: "a" }, 1],
        [{ host: "b" }, 2],
      ],
      "time_series",
    );
    expect(model({}, instant).model?.categories).toEqual(["a", "b"]);
    expect(model({}, one(1, 2)).model?.categories).toHaveLength(2);
    expect(model({ xField: "gone" }, table).problem).toMatch(/needs a column/);
    expect(model({}).problem).toBe("No data");
  });
  it("stacks, in percent too", () => {
    const frame = frameOf([
      { name: "host", type: "string", config: {}, values: ["a"] },
      { name: "x", type: "number", config: {}, values: [1] },
      { name: "y", type: "number", config: {}, values: [3] },
    ]);
    const tops = (stacking: string) =>
      barModel([frame], options({ stacking }), { theme: "dark", isHidden: () => false }).model?.series.map(
        ({ from, to }) => [from[0], to[0]],
      );
    expect(tops("none")).toEqual([
      [0, 1],
      [0, 3],
    ]);
    expect(tops("normal")).toEqual([
      [0, 1],
      [1, 4],
    ]);
    expect(tops("percent")).toEqual([
      [0, 0.25],
      [0.25, 1],
    ]);
  });
  it("gives each series its place", () => {
    const category = { start: 100, size: 100 };
    expect(slotOf(category, { index: 1, count: 2 }, options({ groupWidth: 0.8, barWidth: 1 }))).toEqual({
      start: 150,
      size: 40,
    });
    expect(
      slotOf(category, { index: 1, count: 2 }, options({ groupWidth: 0.8, barWidth: 1, stacking: "normal" })),
    ).toEqual({ start: 110, size: 80 });
  });
});

describe("other shapes", () => {
  const numbers = (name: string, ...values: (number | null)[]): Field => ({ name, type: "number", config: {}, values });
  const frame = (...fields: Field[]): DataFrame => frameOf(fields, { refId: "A" });
  it("xy: the first number is x, the others y; missing points are left out", () => {
    const data = [frame(numbers("x", 1, 2, null), numbers("a", 5, null, 7), numbers("b", 8, 9, 1))];
    expect(xySeries(panelOf("xychart"), data, "dark").map(({ label, rows }) => [label, rows])).toEqual([
      ["a", [0]],
      ["b", [0, 1]],
    ]);
    const byName = (name: string) => ({ matcher: { id: "byName", options: name } });
    const manual = {
      mapping: "manual",
      series: [{ x: byName("b"), y: byName("a"), size: byName("x"), name: { fixed: "mine" } }],
    };
    const [series] = xySeries(panelOf("xychart", manual), data, "dark");
    expect([series?.label, series?.x.name, series?.sizeField?.name]).toEqual(["mine", "b", "x"]);
  });
  it("trend: wants a rising column", () => {
    expect(trendData([frame(numbers("s", 1, 2), numbers("v", 3, 4))], undefined)).toMatchObject({ x: { name: "s" } });
    expect(trendData([frame(numbers("s", 2, 1))], "s").problem).toMatch(/do not rise/);
    expect(trendData([frame(numbers("s", 2, 1))], "t").problem).toMatch(/no column/);
  });
  it("candles: by name, first letter or option", () => {
    const time: Field = { name: "Time", type: "time", config: {}, values: [1] };
    const data = [frame(time, numbers("o", 1), numbers("High", 2), numbers("low", 0), numbers("last", 1))];
    expect(candlesOf(data, { close: "last" })?.fields.close.name).toBe("last");
    expect(candlesOf(data, {})).toBeUndefined();
  });
  it("histogram: buckets that came counted", () => {
    const bucket = (le: string, value: number) => ({ labels: { le }, values: Float64Array.of(value) });
    const series = matrix({ legend: "{{le}}", series: [bucket("2", 5), bucket("1", 3), bucket("+Inf", 9)] });
    const table = bucketTable(toDataFrames([series]));
    expect(table?.fields.map(({ values }) => values)).toEqual([
      [0, 1, 2],
      [1, 2, Number.POSITIVE_INFINITY],
      [3, 5, 9],
    ]);
    expect(bucketTable(toDataFrames([one(1, 2)]))).toBeUndefined();
  });
});

describe("time charts", () => {
  it("insert gaps where points are too far apart", () => {
    const time: Field = { name: "Time", type: "time", config: {}, values: [0, 10, 100] };
    const value = (insertNulls: unknown): Field => ({
      name: "v",
      type: "number",
      config: { interval: 20, custom: { insertNulls } },
      values: [1, 2, 3],
    });
    const aligned = (insertNulls: unknown) => alignSeries([frameOf([time, value(insertNulls)])]);
    expect(aligned(50).series[0]?.values).toEqual([1, 2, null, 3]);
    expect(aligned(true).times).toEqual([0, 10, 11, 100]);
    expect(aligned(false).times).toEqual([0, 10, 100]);
    expect(aligned(200).times).toEqual([0, 10, 100]);
  });
  it("mark events as text only", () => {
    const event = chartEvent(
      { timeMs: 5, timeEndMs: 4, title: "<b onclick=x>Deploy</b>", text: "a<br>b<script>" },
      "dark",
      "utc",
    );
    expect([event.fromMs, event.toMs, event.content.rows[0]?.label, event.content.note]).toEqual([
      5,
      5,
      "Deploy",
      "a\nb",
    ]);
  });
  it("place exemplars on their series' scale, with safe links", () => {
    const frames = ready(panelOf("timeseries", {}, { unit: "s" }), one(1, 2));
    const chart = timeSeriesChart({ ...context, frames, isHidden: () => false, range: () => [0, 1] });
    const exemplar = { refId: "A", timeMs: 1, value: 2, labels: { trace_id: "x" }, seriesLabels: {} };
    const drawn = drawnExemplars(
      [
        { ...exemplar, href: "javascript:alert(1)" },
        { ...exemplar, value: Number.NaN },
      ],
      chart.series,
    );
    expect(drawn.map(({ text, link, scaleKey }) => [text, link, scaleKey in (chart.options.scales ?? {})])).toEqual([
      ["2 s", undefined, true],
    ]);
  });
});

async function draw(props: PanelProps): Promise<string> {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  const { component: Body } = findPanelType(props.panel.type);
  const host = document.createElement("div");
  const root = createRoot(host);
  await act(async () => root.render(<Body {...props} />));
  // Rare panels come with their first use.
  await act(async () => {
    await vi.dynamicImportSettled();
  });
  const text = host.textContent ?? "";
  await act(async () => root.unmount());
  return text;
}

function propsFor(panel: PanelModel, frames: PanelProps["frames"]): PanelProps {
  return {
    ...context,
    panel,
    frames,
    range: { fromMs: END_MS - 3_600_000, toMs: END_MS },
    width: 600,
    height: 300,
    syncKey: "x",
    graphTooltip: 1,
    onZoom: () => undefined,
    onZoomOut: () => undefined,
  };
}

/** What a broken or hostile file may have where an option should be. */
const JUNK = [null, -1, 1e308, "x", [], {}, true, "__proto__", "<img src=x onerror=alert(1)>"];
const KEYS =
  "color yAxis cellGap cellRadius legend tooltip rowHeight colWidth perPage showValue mergeValues stacking orientation barWidth groupWidth barRadius xTickLabelRotation xTickLabelSpacing xField bucketSize bucketCount bucketOffset mapping series fields mode calculation filterValues timezone".split(
    " ",
  );

describe("every sample", () => {
  it.each(NEWER.map((sample) => [sample.title, sample] as const))("%s is drawn", async (_, sample) => {
    plots.length = 0;
    const panel = { ...panelOf(sample.type, sample.options, sample.defaults), transformations: sample.transformations };
    const text = await draw(propsFor(panel, sample.frames));
    expect([plots.length > 0 || text !== "", text]).toEqual([true, expect.not.stringContaining("No data")]);
  });
  it.each(["heatmap", "state-timeline", "status-history", "barchart", "histogram", "xychart", "trend", "candlestick"])(
    "%s survives junk for options",
    async (type) => {
      for (const value of JUNK) {
        const options = Object.fromEntries(KEYS.map((key) => [key, value]));
        const panel = panelOf(type, options, {
          custom: options as Record<string, unknown>,
          unit: value,
          color: value,
          thresholds: value,
        });
        await draw(propsFor(panel, [one(1, 2, 3), vector("B", [[{ a: "b" }, 1]])]));
      }
    },
  );
});
