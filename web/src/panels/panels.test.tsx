/** The pure parts of panels, and every panel drawn once with data and once without. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, it, vi } from "vitest";
import type { DataFrame } from "../lib/dataFrame";
import { toDataFrames } from "./dataFrames";
import { legendBox, sortItems } from "./legend/items";
import { toggled } from "./legend/LegendLayout";
import { safeHref } from "./links";
import { rowHeight } from "./logs/heights";
import { commonLabels, levelOf, logLines, markedParts, parsedFields, searchedWords } from "./logs/lines";
import { shownTexts } from "./logs/shown";
import { combined, combineOption, slicePath } from "./piechart/slices";
import { END_MS, logs, matrix, vector } from "./playgroundData";
import { findPanelType, PANEL_TYPES } from "./registry";
import { statLayout } from "./stat/layout";
import { cellType, wrappedRowHeight } from "./table/columns";
import { visibleRows } from "./table/rows";
import { nextSort } from "./table/Table";
import { renderMarkdown, sanitizeHtml } from "./text/sanitize";
import type { PanelModel, PanelProps } from "./types";
import { panelFrames } from "./usePanelFrames";
import { gridBoxes } from "./values/grid";

// jsdom has no canvas and complains at length.
HTMLCanvasElement.prototype.getContext = () => null;

// Nothing has a height here, so a virtual list would show nothing: it shows all.
vi.mock("@tanstack/react-virtual", () => ({
  useVirtualizer: ({ count, estimateSize }: { count: number; estimateSize: (index: number) => number }) => ({
    getTotalSize: () => count * estimateSize(0),
    measure: () => undefined,
    getVirtualItems: () =>
      Array.from({ length: count }, (_, index) => ({
        key: index,
        index,
        start: index * 20,
        size: estimateSize(index),
      })),
  }),
}));
vi.mock("../charts/UPlotChart", () => ({ UPlotChart: () => null }));

const ANSWERS: Record<string, unknown> = {
  dashboards: [
    { uid: "a", title: "Alpha", tags: ["gpu"], folder: "Boxes", slug: "alpha", source: "", error: null },
    { uid: "b", title: "Beta", tags: [], folder: "", slug: "beta", source: "", error: null },
  ],
  rules: {
    data: {
      groups: [
        {
          name: "g",
          rules: [
            {
              type: "alerting",
              name: "Hot",
              alerts: [{ state: "firing", labels: { gpu: "2" }, annotations: { summary: "GPU 2 is hot" } }],
            },
            { type: "alerting", name: "Quiet", alerts: [] },
          ],
        },
      ],
    },
  },
};

const series = (...hosts: string[]) =>
  hosts.map((host, index) => ({
    labels: { __name__: "up", host, job: "node" },
    values: Float64Array.of(index, Number.NaN),
  }));

describe("frames", () => {
  const names = (legend: string, ...hosts: string[]) =>
    toDataFrames([matrix({ legend, series: series(...hosts) })]).map(({ name }) => name);
  it("name series by the legend format", () => {
    expect(names("{{host}} / {{ job }}{{gone}}", "a", "b")).toEqual(["a / node", "b / node"]);
    expect(names("__auto", "a", "b")).toEqual(["a", "b"]);
    expect(names("__auto", "a")).toEqual(['up{host="a", job="node"}']);
    expect(names("", "a")).toEqual(['up{host="a", job="node"}']);
    expect(names("fixed", "a", "b")).toEqual(["fixed", "fixed"]);
  });
  it("turn missing values into null and share their times", () => {
    const [a, b] = toDataFrames([matrix({ legend: "", series: series("a", "b") })]);
    expect(a?.fields[1]?.values).toEqual([0, null]);
    expect(a?.fields[0]?.values).toBe(b?.fields[0]?.values);
  });
  it("make tables of instant vectors, values told apart by query", () => {
    const tables = toDataFrames([vector("A", [[{ x: "1" }, 5]]), vector("B", [[{ y: "2" }, 6]])]);
    expect(tables.map(({ fields }) => fields.map(({ name }) => name))).toEqual([
      ["Time", "x", "Value #A"],
      ["Time", "y", "Value #B"],
    ]);
    expect(toDataFrames([vector("A", [[{ x: "1" }, 5]])])[0]?.fields[2]?.name).toBe("Value");
  });
});

describe("legend", () => {
  const item = (label: string, value: number) => ({
    id: label,
    label,
    color: "",
    visible: true,
    calcs: [{ id: "max", title: "Max", text: `${value}`, value }],
  });
  const ids = ["a", "b", "c"];
  const hide = (hidden: string[], id: string, adds: boolean) => [...toggled(new Set(hidden), ids, id, adds)];
  it("isolates, shows all again, adds and takes away", () => {
    expect(hide([], "a", false)).toEqual(["b", "c"]);
    expect(hide(["b", "c"], "a", false)).toEqual([]);
    expect(hide(["b", "c"], "b", false)).toEqual(["a", "c"]);
    expect(hide(["b", "c"], "b", true)).toEqual(["c"]);
    expect(hide([], "b", true)).toEqual(["b"]);
  });
  it("sorts by a calculation, values that are none last", () => {
    const items = [item("a", 2), item("b", Number.NaN), item("c", 9)];
    expect(sortItems(items, "Max", true).map(({ id }) => id)).toEqual(["c", "a", "b"]);
    expect(sortItems(items, "Max", false).map(({ id }) => id)).toEqual(["a", "c", "b"]);
    expect(sortItems(items, undefined, false).map(({ id }) => id)).toEqual(ids);
  });
  it("takes at most a third of the panel, and goes below where it is narrow", () => {
    const many = Array.from({ length: 50 }, (_, index) => item(`series ${index}`, index));
    const options = { show: true, mode: "table" as const, placement: "right" as const, calcs: [] };
    expect(legendBox(many, options, { width: 900, height: 300 }).placement).toBe("right");
    const below = legendBox(many, options, { width: 300, height: 300 });
    expect([below.placement, below.height]).toEqual(["bottom", 105]);
  });
});

describe("logs", () => {
  it("find levels in labels and lines", () => {
    const check = (labels: Record<string, string>, text: string, level: string) =>
      expect(levelOf(labels, text)).toBe(level);
    check({ level: "WARN" }, "error", "warning");
    check({}, 'level=error msg="x"', "error");
    check({}, '{"severity":"Critical"}', "critical");
    check({}, "12:00 INFO started", "info");
    check({}, "the information desk", "unknown");
  });
  it("order by nanoseconds and fold repetitions", () => {
    const frame = logs(3);
    frame.entries.timesNs = ["1000000000000000001", "1000000000000000003", "1000000000000000002"];
    frame.entries.lines = ["n 1", "n 3", "n 2"];
    const frames = toDataFrames([frame]);
    expect(logLines(frames, true, "none").map(({ text }) => text)).toEqual(["n 3", "n 2", "n 1"]);
    expect(logLines(frames, false, "none").map(({ text }) => text)).toEqual(["n 1", "n 2", "n 3"]);
    expect(logLines(frames, true, "numbers").map(({ count }) => count)).toEqual([3]);
    expect(commonLabels(logLines(frames, true, "none")).instance).toBe("gpu-box");
  });
  it("read fields and mark what was searched", () => {
    expect(parsedFields('a=1 b="two words" c=')).toEqual([
      ["a", "1"],
      ["b", "two words"],
      ["c", ""],
    ]);
    expect(parsedFields('{"a":{"b":2},"c":"x"}')).toEqual([
      ["a.b", "2"],
      ["c", "x"],
    ]);
    const words = searchedWords('{a="b"} |= "CUDA" |~ `o+m` != "not"');
    expect(markedParts("cuda boom", words)).toEqual([
      { text: "cuda", found: true },
      { text: " b", found: false },
      { text: "oom", found: true },
    ]);
    expect(searchedWords('{} |~ "("')).toBeUndefined();
  });
  it("show fields, lay JSON out and leave common labels to the head", async () => {
    const line = (text: string, labels: Record<string, string> = {}) => ({
      timeMs: 0,
      timeNs: "1",
      text,
      labels,
      level: "info" as const,
      count: 1,
    });
    const shown = (text: string, fields: string[], prettify = false) =>
      shownTexts([line(text, { job: "x", host: "a" })], { common: { job: "x" }, fields, prettify })[0];
    expect(shown('{"a":1,"b":"two"}', ["b", "host"])).toBe('{host="a"} b=two host=a');
    expect(shown("no fields", ["gone"])).toBe('{host="a"} no fields');
    expect(shown('{"a":1}', [], true)).toBe('{host="a"} {\n  "a": 1\n}');
    expect(shown("{broken", [], true)).toBe('{host="a"} {broken');
    const text = await draw(propsFor("logs", [logs(2)], { showCommonLabels: true, timestampResolution: "ns" }));
    expect(text).toContain("Common labels: {");
    expect(text).toMatch(/15:30:00\.\d{9}/);
  });
  it("calculate heights", () => {
    expect([rowHeight("漢".repeat(30), true, 40), rowHeight("\t\t\t\t\t\tx", true, 40)]).toEqual([38, 38]);
    expect([
      rowHeight("x".repeat(100), false, 40),
      rowHeight("x".repeat(100), true, 40),
      rowHeight("a\nb", true, 40),
    ]).toEqual([20, 56, 38]);
  });
});

describe("text", () => {
  it("is harmless", () => {
    const check = (html: string, without: RegExp) => expect(sanitizeHtml(html)).not.toMatch(without);
    check("<script>alert(1)</script>", /script/);
    check('<img src=x onerror="alert(1)">', /onerror/);
    check('<a href="javascript:alert(1)">x</a>', /javascript/);
    check('<div style="background:url(//evil/x)">x</div>', /evil/);
    check('<img src="https://example.org/a.png" alt="map">', /<img/);
    check("<iframe src=x></iframe><form><input></form><style>*{}</style>", /iframe|form|input|style/);
    expect(sanitizeHtml('<b style="color:red">x</b>')).toBe('<b style="color:red">x</b>');
    expect(renderMarkdown("# T\n\n**b** [x](/d/1)")).toContain('<a href="/d/1"');
  });
  it("links lead to pages only", () => {
    const hrefs = [
      "/d/x",
      "https://a",
      "javascript:alert(1)",
      "java\nscript:alert(1)",
      " data:text/html,x",
      "vbscript:x",
      "mailto:a@b",
    ];
    expect(hrefs.map((href) => safeHref(href) !== undefined)).toEqual([true, true, false, false, false, false, true]);
  });
});

describe("layout", () => {
  it("fills grids", () => {
    expect(gridBoxes(4, { width: 408, height: 208 }, "auto").map(({ x, y }) => [x, y])).toEqual([
      [0, 0],
      [208, 0],
      [0, 108],
      [208, 108],
    ]);
    expect(gridBoxes(2, { width: 100, height: 408 }, "horizontal").map(({ height }) => height)).toEqual([200, 200]);
    expect(gridBoxes(3, { width: 400, height: 100 }, "auto")).toHaveLength(3);
  });
  it("sizes stats to their box", () => {
    const text = { title: "GPU", value: "42", unit: "%" };
    const wishes = { hasTrend: false, centered: false };
    const small = statLayout({ width: 120, height: 60 }, text, wishes);
    const large = statLayout({ width: 400, height: 300 }, text, wishes);
    expect(large.valuePx).toBeGreaterThan(small.valuePx);
    expect([small.kind, statLayout({ width: 400, height: 60 }, text, wishes).kind]).toEqual(["stacked", "wide"]);
  });
  it("puts small slices together", () => {
    const value = (title: string, numeric: number) => ({
      key: title,
      title,
      display: { text: "", numeric, color: "" },
      field: { name: "", type: "number" as const, config: {}, values: [] },
      frame: { fields: [], length: 0 },
    });
    const values = [value("a", 90), value("b", 4), value("c", 6)];
    expect(
      combined(values, { threshold: 0.1, label: "Others" }).map(({ title, display }) => [title, display.numeric]),
    ).toEqual([
      ["a", 90],
      ["Others", 10],
    ]);
    expect(combined(values, { threshold: 0.05, label: "Others" })).toHaveLength(3);
    expect(combined(values, undefined)).toHaveLength(3);
    expect(combineOption({ combine: { threshold: "0.2", label: "Rest" } })).toEqual({ threshold: 0.2, label: "Rest" });
    expect(combineOption({ combine: { threshold: 7 } })).toBeUndefined();
  });
  it("stacks titles over values where wide layout is off", () => {
    const wishes = { hasTrend: false, centered: false, stacked: true };
    expect(statLayout({ width: 400, height: 60 }, { title: "GPU", value: "42", unit: "%" }, wishes).kind).toBe(
      "stacked",
    );
  });
  it("draws whole circles", () => {
    expect(slicePath({ from: 0, to: 1 }, 50, 40, 0)).not.toContain("NaN");
  });
});

describe("table", () => {
  const frame: DataFrame = {
    length: 3,
    fields: [
      { name: "host", type: "string", config: {}, values: ["b", "a", "c"] },
      { name: "load", type: "number", config: {}, values: [5, null, 10] },
    ],
  };
  const columns = frame.fields.map((field) => ({
    field,
    name: field.name,
    cell: { type: "auto" as const },
    align: "left" as const,
    width: 9,
    filterable: true,
    wraps: false,
    inspectable: false,
    footer: [] as string[],
  }));
  it("sorts and filters rows", () => {
    expect(visibleRows(frame, columns, [{ name: "load", desc: true }], {})).toEqual([2, 0, 1]);
    expect(visibleRows(frame, columns, [{ name: "host", desc: false }], {})).toEqual([1, 0, 2]);
    expect(visibleRows(frame, columns, [], { load: ">= 5" })).toEqual([0, 2]);
    expect(visibleRows(frame, columns, [], { host: "A" })).toEqual([1]);
  });
  it("sorts by several columns, pages, and has footers of its own", async () => {
    expect(nextSort([{ name: "a", desc: true }], "b", true)).toEqual([
      { name: "a", desc: true },
      { name: "b", desc: true },
    ]);
    expect(nextSort([{ name: "a", desc: true }], "b", false)).toEqual([{ name: "b", desc: true }]);
    expect(nextSort([{ name: "a", desc: false }], "a", true)).toEqual([]);
    const many = [
      vector(
        "A",
        Array.from({ length: 30 }, (_, index) => [{ host: `h${index}` }, index]),
      ),
    ];
    const props = propsFor("table", many, { enablePagination: true, pageSize: 10 });
    props.panel.fieldConfig.defaults.custom = { footer: { reducers: ["max", "count"] } };
    const text = await draw(props);
    expect(text).toContain("1 – 10 of 30");
    expect(text).toContain("Max: 29%");
    expect(text).not.toContain("h10");
  });
  it("grows rows for wrapped text, up to a bound", () => {
    const wide = [
      {
        ...(columns[0] as (typeof columns)[0]),
        wraps: true,
        width: 80,
        field: { name: "t", type: "string" as const, config: {}, values: ["word ".repeat(40), "x"] },
      },
    ];
    expect(wrappedRowHeight(wide, 1, 30)).toBe(30);
    expect(wrappedRowHeight(wide, 0, 30)).toBeGreaterThan(100);
    expect(wrappedRowHeight(wide, 0, 30, 90)).toBe(90);
  });
  it("shows pictures of its own server only, and names actions without running them", async () => {
    const cell = async (value: string, cellOptions: Record<string, unknown>, extra: Record<string, unknown> = {}) => {
      const props = propsFor("table", [vector("A", [[{ pic: value }, 1]])]);
      props.panel.fieldConfig.overrides = [
        {
          matcher: { id: "byName", options: "pic" },
          properties: [
            { id: "custom.cellOptions", value: cellOptions },
            ...Object.entries(extra).map(([id, v]) => ({ id, value: v })),
          ],
        },
      ];
      return drawHtml(props);
    };
    expect(await cell("https://evil.example/a.png", { type: "image", alt: "map" })).not.toContain("<img");
    expect(await cell("/logo.png", { type: "image", alt: "map" })).toMatch(/<img[^>]* src="\/logo.png"/);
    expect(await cell("javascript:alert(1)", { type: "image" })).not.toMatch(/href="javascript/);
    const actions = await cell("x", { type: "actions" }, { actions: [{ title: "Stop it", fetch: { url: "/x" } }] });
    expect(actions).toContain("Stop it");
    expect(actions).not.toContain("/x");
    const links = await cell(
      "v",
      { type: "data-links" },
      {
        links: [
          { title: "A", url: "/a" },
          { title: "B", url: "javascript:x" },
        ],
      },
    );
    expect(links).toContain('href="/a"');
    expect(links).not.toContain("javascript");
    expect(await cell("**bold** <script>1</script>", { type: "markdown" })).toMatch(
      /<strong>bold<\/strong>(?!.*script)/,
    );
    expect(await cell("v", { type: "json-view" }, { "custom.inspect": true })).toContain("Show pic whole");
  });
  it("reads cell types of all ages", () => {
    expect(cellType({ displayMode: "lcd-gauge" })).toMatchObject({ type: "gauge", mode: "lcd" });
    expect(cellType({ displayMode: "color-background-solid" })).toMatchObject({
      type: "color-background",
      solid: true,
    });
    expect(cellType({ cellOptions: { type: "color-text" } })).toEqual({ type: "color-text" });
    expect(cellType({ cellOptions: { type: "never heard of" } })).toEqual({ type: "auto" });
  });
});

function propsFor(type: string, frames: PanelProps["frames"], options: Record<string, unknown> = {}): PanelProps {
  const panel: PanelModel = {
    id: 1,
    type,
    title: "T",
    gridPos: { x: 0, y: 0, w: 12, h: 8 },
    targets: [],
    options,
    fieldConfig: { defaults: { unit: "percent" }, overrides: [] },
  };
  return {
    panel,
    frames,
    range: { fromMs: END_MS - 60_000, toMs: END_MS },
    timeZone: "utc",
    theme: "dark",
    width: 600,
    height: 300,
    syncKey: "x",
    graphTooltip: 1,
    interpolate: (text) => text,
    onZoom: () => undefined,
    onZoomOut: () => undefined,
  };
}

const draw = async (props: PanelProps) => (await drawn(props)).text;
const drawHtml = async (props: PanelProps) => (await drawn(props)).html;

async function drawn(props: PanelProps): Promise<{ text: string; html: string }> {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  const { component: Body } = findPanelType(props.panel.type);
  const host = document.createElement("div");
  document.body.append(host);
  const root = createRoot(host);
  const client = new QueryClient({
    defaultOptions: { queries: { retry: false, staleTime: Number.POSITIVE_INFINITY } },
  });
  client.setQueryData(["dashboards"], ANSWERS.dashboards);
  client.setQueryData(["rules"], ANSWERS.rules);
  await act(async () =>
    root.render(
      <QueryClientProvider client={client}>
        <Body {...props} />
      </QueryClientProvider>,
    ),
  );
  // Rare panels come with their first use.
  await act(async () => {
    await vi.dynamicImportSettled();
  });
  const result = { text: host.textContent ?? "", html: host.innerHTML };
  await act(async () => root.unmount());
  host.remove();
  return result;
}

describe("lists", () => {
  it("find dashboards by title, folder and tags", async () => {
    expect(await draw(propsFor("dashlist", [], { showSearch: true, tags: ["gpu"] }))).toContain("AlphaBoxesgpu");
    expect(await draw(propsFor("dashlist", [], { showSearch: true, query: "bet", showHeadings: false }))).toBe("Beta");
  });
  it("show what fires, and quiet rules where they are wanted", async () => {
    expect(await draw(propsFor("alertlist", []))).toBe("FiringHot GPU 2 is hot");
    const all = { stateFilter: { normal: true, firing: true }, sortOrder: 2 };
    expect(await draw(propsFor("alertlist", [], all))).toMatch(/^NormalQuiet.*FiringHot/);
    expect(await draw(propsFor("alertlist", [], { alertInstanceLabelFilter: '{gpu!="2"}' }))).toContain(
      "No alert matches",
    );
    expect(await draw(propsFor("alertlist", [], { viewMode: "stat" }))).toBe("1");
  });
  it("list annotations by tag, the newest first", async () => {
    const props = propsFor("annolist", [], { tags: ["deploy"], showTime: false });
    props.annotations = [
      { timeMs: 1, title: "old", tags: ["deploy"] },
      { timeMs: 3, title: "other" },
      { timeMs: 2, title: "new", tags: ["deploy"] },
    ];
    expect(await draw(props)).toBe("newdeployolddeploy");
  });
});

describe("panels", () => {
  const data = [
    vector(
      "A",
      [
        [{ host: "alpha" }, 42.5],
        [{ host: "beta" }, 7],
      ],
      "time_series",
    ),
  ];
  it.each(["stat", "gauge", "bargauge", "piechart", "timeseries"])("%s names its series", async (type) => {
    expect(await draw(propsFor(type, data))).toContain("alpha");
  });
  it("show values in their unit", async () => {
    for (const type of ["stat", "gauge", "bargauge"]) {
      expect(await draw(propsFor(type, data))).toContain("42.5%");
    }
  });
  it("draw tables, logs, text and what they do not know", async () => {
    const table = [vector("A", [[{ host: "alpha" }, 42.5]])];
    expect(await draw(propsFor("table", table))).toContain("alpha");
    expect(await draw(propsFor("hologram", table))).toContain("not drawn yet");
    expect(await draw(propsFor("logs", [logs(3)]))).toMatch(/2026-04-14 15:30/);
  });
  it.each(PANEL_TYPES.map(({ type }) => type))("%s stands with no data at all", async (type) => {
    expect(await draw(propsFor(type, []))).toBeDefined();
    expect(await draw(propsFor(type, [matrix({ legend: "", series: [] })]))).toBeDefined();
  });
  it("have the colours of their type where the file says nothing", () => {
    const colors = (type: string, value: number) => {
      const { panel } = propsFor(type, []);
      panel.fieldConfig = undefined as never;
      const frames = [matrix({ legend: "", series: [{ labels: {}, values: Float64Array.of(value) }] })];
      const ready = panelFrames(panel, frames, { theme: "dark", timeZone: "utc", interpolate: (text) => text });
      return ready.frames[0]?.fields[1]?.display?.(value).color;
    };
    expect(["timeseries", "stat", "gauge", "hologram"].map((type) => colors(type, 90))).toEqual([
      "#73BF69",
      "#F2495C",
      "#F2495C",
      "#F2495C",
    ]);
    expect(colors("stat", 10)).toBe("#73BF69");
  });
  it("read bounds that the first gauges kept among their options", () => {
    const steps = [
      { value: 0, color: "green" },
      { value: 70, color: "red" },
    ];
    const { panel } = propsFor("gauge", [], { minValue: 0, maxValue: 200, thresholds: steps, unit: "watt" });
    panel.fieldConfig.defaults = {};
    const frames = [matrix({ legend: "", series: [{ labels: {}, values: Float64Array.of(90) }] })];
    const { config, display } = panelFrames(panel, frames, {
      theme: "dark",
      timeZone: "utc",
      interpolate: (text) => text,
    }).frames[0]?.fields[1] ?? { config: {} };
    expect([config.min, config.max, display?.(90).suffix, display?.(90).color]).toEqual([0, 200, " W", "#F2495C"]);
  });
  it("run transformations and name the ones they do not know", () => {
    const { panel } = propsFor("table", []);
    panel.transformations = [{ id: "merge" }, { id: "hologram" }];
    const result = panelFrames(panel, data, { theme: "dark", timeZone: "utc", interpolate: (text) => text });
    expect(result.frames).toHaveLength(1);
    expect(result.unknownTransformations).toEqual(["hologram"]);
  });
});
