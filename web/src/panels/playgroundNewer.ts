/** Samples of the rarer panels, for looking at: development only. */

import type { Frame, MatrixFrame } from "../api/frames";
import type { Annotation, Exemplar } from "./events";
import { END_MS, logs, matrix, random, STEP_MS, times, vector, wave } from "./playgroundData";
import type { FieldOptions, FieldOverride, Transformation } from "./types";

export interface Sample {
  title: string;
  type: string;
  w: number;
  h: number;
  options?: Record<string, unknown>;
  defaults?: FieldOptions;
  overrides?: FieldOverride[];
  transformations?: Transformation[];
  frames: Frame[];
  annotations?: Annotation[];
  exemplars?: Exemplar[];
}

const POINTS = 121;
const palette = { mode: "palette-classic" };
const next = random(99);
const at = (share: number) => END_MS - (1 - share) * (POINTS - 1) * STEP_MS;

const ANNOTATIONS: Annotation[] = [
  {
    timeMs: at(0.22),
    title: "Deployed gateway 1.4.2",
    tags: ["deploy", "gateway"],
    color: "blue",
    source: "Deployments",
  },
  {
    timeMs: at(0.5),
    timeEndMs: at(0.66),
    title: "GPU 2 throttled",
    text: "Temperature over 90 °C.\nFan was replaced.",
    tags: ["incident"],
    color: "red",
  },
  { timeMs: at(0.9), title: "<b>Model</b> reloaded", color: "purple" },
];

const BOUNDS = ["0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

/** Cumulative buckets around a latency that wanders. */
function buckets(): MatrixFrame {
  const center = wave(5, POINTS, 3.6, 2.2);
  const noise = random(12);
  const frame = matrix({
    legend: "{{le}}",
    series: BOUNDS.map((le, index) => ({
      labels: { le },
      values: Float64Array.from({ length: POINTS }, (_, point) => {
        const spread = 1.1 + 0.4 * Math.sin(point / 14);
        return Math.round(300 / (1 + Math.exp(-(index - (center[point] ?? 0)) / (spread * 0.6))) + noise() * 2);
      }),
    })),
  });
  return { ...frame, format: "heatmap" };
}

/** Native histograms: buckets that grow by 2^(1/4). */
function native(): MatrixFrame {
  const center = wave(8, POINTS, 14, 8);
  const noise = random(3);
  return {
    ...matrix({ legend: "", series: [] }),
    times: times(POINTS),
    series: [
      {
        labels: { __name__: "latency" },
        values: new Float64Array(POINTS).fill(Number.NaN),
        histograms: Array.from({ length: POINTS }, (_, point) => [
          point,
          {
            count: "1",
            sum: "1",
            buckets: Array.from({ length: 30 }, (_unused, index) => {
              const count = Math.round(
                90 * Math.exp(-(((index - (center[point] ?? 0)) / 4) ** 2)) * (0.7 + noise() * 0.6),
              );
              return [0, `${0.01 * 2 ** (index / 4)}`, `${0.01 * 2 ** ((index + 1) / 4)}`, `${count}`] as [
                number,
                string,
                string,
                string,
              ];
            }),
          },
        ]),
      },
    ],
  };
}

const steps = (levels: number[], length: number, seed: number): Float64Array => {
  const draw = random(seed);
  let level = levels[0] ?? 0;
  return Float64Array.from({ length }, () => {
    if (draw() < 0.06) {
      level = levels[Math.floor(draw() * levels.length)] ?? 0;
    }
    return level;
  });
};

const STATES: FieldOptions["mappings"] = [
  {
    type: "value",
    options: {
      "0": { text: "down", color: "red", index: 0 },
      "1": { text: "starting", color: "yellow", index: 1 },
      "2": { text: "ready", color: "green", index: 2 },
      "3": { text: "draining", color: "blue", index: 3 },
    },
  },
];

const workers = ["vllm-0", "vllm-1", "vllm-2", "gateway", "embeddings"];
const partitions = ["gpu-a100", "gpu-h100", "cpu", "debug", "interactive"];

export const NEWER: Sample[] = [
  {
    title: "Annotations and exemplars, several zones, values written",
    type: "timeseries",
    w: 12,
    h: 9,
    options: { tooltip: { mode: "multi", sort: "desc", hideZeros: true }, timezone: ["utc", "America/New_York"] },
    defaults: {
      unit: "s",
      color: palette,
      custom: { fillOpacity: 10, lineWidth: 1.5 },
      links: [{ title: "Traces of this minute", url: "/explore?at=${__value.time}" }],
    },
    frames: [
      matrix({
        legend: "{{q}}",
        series: ["p50", "p95"].map((q, index) => ({
          labels: { q },
          values: wave(90 + index, POINTS, 0.6 + index, 0.35),
        })),
      }),
    ],
    annotations: ANNOTATIONS,
    exemplars: Array.from({ length: 30 }, (_, index) => ({
      refId: "A",
      timeMs: at(next()),
      value: 0.5 + next() * 2.2,
      labels: { trace_id: `4bf92f3577b34da6a3ce929d0e0e47${index}` },
      seriesLabels: { service: "gateway" },
      href: "/explore",
    })),
  },
  {
    title: "Latency buckets",
    type: "heatmap",
    w: 12,
    h: 9,
    options: {
      yAxis: { unit: "s" },
      color: { scheme: "Spectral", mode: "scheme", steps: 64 },
      cellGap: 1,
      tooltip: { yHistogram: true },
    },
    frames: [buckets()],
    annotations: ANNOTATIONS,
  },
  {
    title: "Native histogram",
    type: "heatmap",
    w: 8,
    h: 8,
    options: { yAxis: { unit: "s" }, color: { scheme: "Oranges" }, filterValues: { le: 1e-9 } },
    frames: [native()],
  },
  {
    title: "Calculated from data",
    type: "heatmap",
    w: 8,
    h: 8,
    options: {
      calculate: true,
      color: { scheme: "Turbo", steps: 32 },
      yAxis: { unit: "celsius", axisPlacement: "right" },
      cellGap: 2,
      showValue: "auto",
      calculation: { xBuckets: { mode: "count", value: "14" }, yBuckets: { mode: "count", value: "10" } },
    },
    frames: [
      matrix({
        legend: "{{g}}",
        series: Array.from({ length: 20 }, (_, g) => ({
          labels: { g: `${g}` },
          values: wave(g + 200, POINTS, 60, 25),
        })),
      }),
    ],
  },
  {
    title: "Histogram",
    type: "histogram",
    w: 8,
    h: 8,
    options: { bucketCount: 30, legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    defaults: { unit: "ms", color: palette, custom: { fillOpacity: 80, lineWidth: 1 } },
    frames: [
      matrix({
        legend: "{{m}}",
        series: ["llama", "qwen"].map((m, index) => ({
          labels: { m },
          values: wave(300 + index, 900, 220 + index * 90, 90),
        })),
      }),
    ],
  },
  {
    title: "Workers",
    type: "state-timeline",
    w: 14,
    h: 8,
    options: { showValue: "auto", rowHeight: 0.85, tooltip: { mode: "multi" } },
    defaults: { color: { mode: "thresholds" }, mappings: STATES, custom: { fillOpacity: 75 } },
    frames: [
      matrix({
        legend: "{{w}}",
        series: workers.map((w, index) => ({ labels: { w }, values: steps([2, 2, 2, 1, 0, 3], POINTS, index + 400) })),
      }),
    ],
    annotations: ANNOTATIONS,
  },
  {
    title: "Checks",
    type: "status-history",
    w: 10,
    h: 8,
    options: { showValue: "auto", colWidth: 0.9, rowHeight: 0.9 },
    defaults: {
      unit: "percent",
      decimals: 0,
      color: { mode: "thresholds" },
      thresholds: {
        mode: "absolute",
        steps: [
          { value: null, color: "red" },
          { value: 50, color: "orange" },
          { value: 80, color: "green" },
        ],
      },
      custom: { fillOpacity: 75 },
    },
    frames: [
      matrix({
        legend: "{{w}}",
        series: workers.map((w, index) => ({
          labels: { w },
          values: wave(500 + index, 20, 78, 40).map((v) => Math.min(100, v)),
        })),
      }),
    ],
  },
  {
    title: "Jobs by partition",
    type: "barchart",
    w: 8,
    h: 8,
    options: { showValue: "auto", legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    defaults: { color: palette, unit: "short", custom: { fillOpacity: 80 } },
    transformations: [{ id: "merge" }],
    frames: [
      vector(
        "A",
        partitions.map((partition, index) => [{ partition }, 12 + index * 9]),
      ),
      vector(
        "B",
        partitions.map((partition, index) => [{ partition }, 40 - index * 7]),
      ),
    ],
  },
  {
    title: "Jobs by partition, lying and stacked",
    type: "barchart",
    w: 8,
    h: 8,
    options: {
      orientation: "horizontal",
      stacking: "normal",
      barRadius: 0.15,
      showValue: "always",
      legend: { displayMode: "list", placement: "bottom" },
    },
    defaults: { color: palette, unit: "short", custom: { fillOpacity: 85, gradientMode: "opacity" } },
    transformations: [{ id: "merge" }],
    frames: [
      vector(
        "A",
        partitions.map((partition, index) => [{ partition }, 12 + index * 9]),
      ),
      vector(
        "B",
        partitions.map((partition, index) => [{ partition }, 40 - index * 7]),
      ),
    ],
  },
  {
    title: "One bar a series, by thresholds",
    type: "barchart",
    w: 8,
    h: 8,
    options: { xTickLabelRotation: -30, showValue: "always", legend: { showLegend: false } },
    defaults: {
      unit: "percent",
      color: { mode: "thresholds" },
      thresholds: {
        mode: "absolute",
        steps: [
          { value: null, color: "green" },
          { value: 60, color: "orange" },
          { value: 85, color: "red" },
        ],
      },
      custom: { fillOpacity: 80, thresholdsStyle: { mode: "dashed" } },
    },
    frames: [
      vector(
        "A",
        [...workers, ...partitions].map((name, index) => [{ name }, 12 + index * 9]),
        "time_series",
      ),
    ],
  },
  {
    title: "Throughput over batch size",
    type: "xychart",
    w: 8,
    h: 8,
    options: {
      mapping: "auto",
      legend: { displayMode: "list", placement: "bottom" },
      series: [{ size: { matcher: { id: "byName", options: "power" } } }],
    },
    defaults: { color: palette, custom: { pointSize: { fixed: 7, min: 4, max: 26 }, fillOpacity: 45 } },
    transformations: [
      { id: "organize", options: { excludeByName: { Time: true, "Value #A": true }, indexByName: { batch: 0 } } },
      {
        id: "convertFieldType",
        options: {
          conversions: [
            { targetField: "batch", destinationType: "number" },
            { targetField: "tokens", destinationType: "number" },
            { targetField: "power", destinationType: "number" },
          ],
        },
      },
    ],
    frames: [
      {
        ...vector(
          "A",
          Array.from({ length: 60 }, (_, index) => [
            {
              batch: `${1 + index * 2}`,
              tokens: `${Math.round(4000 * (1 - Math.exp(-index / 22)) + next() * 600)}`,
              power: `${Math.round(150 + index * 4 * next())}`,
            },
            index,
          ]),
        ),
      },
      vector("B", [[{ gone: "1" }, 1]], "time_series"),
    ],
  },
  {
    title: "Loss by step",
    type: "trend",
    w: 8,
    h: 8,
    options: { xField: "step", legend: { displayMode: "list", placement: "bottom" } },
    defaults: { color: palette, custom: { lineWidth: 2 } },
    transformations: [
      { id: "convertFieldType", options: { conversions: [{ targetField: "step", destinationType: "number" }] } },
      { id: "organize", options: { excludeByName: { Time: true }, renameByName: { Value: "loss" } } },
      { id: "sortBy", options: { sort: [{ field: "step" }] } },
    ],
    frames: [
      vector(
        "A",
        Array.from({ length: 80 }, (_, index) => [
          { step: `${index * 50}` },
          4 * Math.exp(-index / 25) + 0.4 + next() * 0.2,
        ]),
      ),
    ],
  },
  {
    title: "Spot price",
    type: "candlestick",
    w: 8,
    h: 8,
    options: { mode: "candles+volume" },
    defaults: { unit: "currencyUSD" },
    frames: ["open", "high", "low", "close", "volume"].map((name, index) => {
      const body = wave(700, 48, 30, 8);
      const shift = wave(701, 48, 0.4, 2);
      const series = body.map((v, i) =>
        index === 0
          ? v
          : index === 1
            ? v + 2.4 + (shift[i] ?? 0)
            : index === 2
              ? v - 1.6
              : index === 3
                ? v + (i % 3 === 0 ? -1 : 1) * (0.3 + (shift[i] ?? 0))
                : 100 + 40 * (shift[i] ?? 0),
      );
      return matrix({ id: String.fromCharCode(65 + index), legend: name, series: [{ labels: {}, values: series }] });
    }),
  },
  {
    title: "Pages, trends, pictures, links",
    type: "table",
    w: 14,
    h: 9,
    options: { enablePagination: true, frozenColumns: { left: 1 } },
    defaults: { custom: { footer: { reducers: [] } } },
    overrides: [
      {
        matcher: { id: "byName", options: "Trend #A" },
        properties: [
          { id: "unit", value: "percent" },
          { id: "custom.cellOptions", value: { type: "sparkline" } },
          { id: "color", value: { mode: "continuous-GrYlRd" } },
          { id: "max", value: 100 },
          { id: "custom.width", value: 260 },
        ],
      },
      {
        matcher: { id: "byName", options: "host" },
        properties: [
          {
            id: "links",
            value: [
              { title: "Host", url: "/d/host" },
              { title: "Logs", url: "/explore" },
            ],
          },
          { id: "custom.cellOptions", value: { type: "data-links" } },
        ],
      },
      {
        matcher: { id: "byName", options: "gpu" },
        properties: [
          { id: "custom.cellOptions", value: { type: "pill" } },
          { id: "custom.inspect", value: true },
        ],
      },
    ],
    transformations: [{ id: "timeSeriesTable" }],
    frames: [
      matrix({
        legend: "GPU {{gpu}}",
        series: Array.from({ length: 30 }, (_, gpu) => ({
          labels: { __name__: "DCGM_FI_DEV_GPU_UTIL", gpu: `${gpu % 8}`, host: `box-${Math.floor(gpu / 8)}` },
          values: wave(800 + gpu, POINTS, 50 + gpu, 30),
        })),
      }),
    ],
  },
  {
    title: "Circle, from the middle",
    type: "gauge",
    w: 5,
    h: 9,
    options: { shape: "circle", neutral: 0, barWidthFactor: 0.4, showThresholdMarkers: false },
    defaults: { unit: "percent", min: -100, max: 100, color: { mode: "fixed", fixedColor: "blue" } },
    frames: [vector("A", [[{}, 42]], "time_series")],
  },
  {
    title: "Small slices together",
    type: "piechart",
    w: 5,
    h: 9,
    options: {
      combine: { threshold: 0.06, label: "Others" },
      legend: { displayMode: "list", placement: "bottom" },
      displayLabels: ["name"],
    },
    defaults: { color: palette },
    frames: [
      vector(
        "A",
        [40, 30, 12, 4, 3, 2, 1].map((value, index) => [{ user: `user ${index}` }, value]),
        "time_series",
      ),
    ],
  },
  {
    title: "Logs laid out, with common labels",
    type: "logs",
    w: 14,
    h: 8,
    options: { showTime: true, prettifyLogMessage: true, showCommonLabels: true, timestampResolution: "ns" },
    frames: [logs(200)],
  },
  {
    title: "Events",
    type: "annolist",
    w: 10,
    h: 8,
    frames: [],
    annotations: ANNOTATIONS,
  },
];
