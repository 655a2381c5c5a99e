/** Every panel with made-up data, for looking at: development only, not part of the build. */

import { Suspense, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import "../styles/mantine.css";
import "../styles/tokens.css";
import "../styles/global.css";
import { END_MS, logs, matrix, STEP_MS, vector, wave } from "./playgroundData";
import { NEWER, type Sample } from "./playgroundNewer";
import { findPanelType } from "./registry";
import type { FieldOptions, PanelModel } from "./types";

const POINTS = 241;
const LEVELS: FieldOptions["thresholds"] = {
  mode: "absolute",
  steps: [
    { value: null, color: "green" },
    { value: 60, color: "orange" },
    { value: 85, color: "red" },
  ],
};
const palette = { mode: "palette-classic" };
const gpus = ["0", "1", "2", "3"];
const gpuSeries = (level: number, spread: number, seed = 1) =>
  gpus.map((gpu, index) => ({
    labels: { __name__: "DCGM_FI_DEV_GPU_UTIL", gpu, host: "gpu-box" },
    values: wave(seed + index, POINTS, level + index * 4, spread),
  }));
const withGap = gpuSeries(300, 80, 40).map((series) => ({
  ...series,
  values: series.values.map((value, index) => (index > 90 && index < 110 ? Number.NaN : value)),
}));
const devices = ["/dev/nvme0n1p2", "/dev/sda1", "tmpfs", "/dev/mapper/data", "overlay"];

const SAMPLES: Sample[] = [
  {
    title: "GPU utilisation",
    type: "timeseries",
    w: 12,
    h: 9,
    options: {
      legend: { displayMode: "table", placement: "bottom", calcs: ["mean", "max", "lastNotNull"] },
      tooltip: { mode: "multi", sort: "desc" },
    },
    defaults: {
      unit: "percent",
      min: 0,
      max: 100,
      color: palette,
      thresholds: LEVELS,
      custom: { fillOpacity: 12, lineWidth: 1.5, gradientMode: "opacity", thresholdsStyle: { mode: "dashed" } },
    },
    frames: [matrix({ legend: "GPU {{gpu}}", series: gpuSeries(55, 30) })],
  },
  {
    title: "Memory by use (stacked)",
    type: "timeseries",
    w: 12,
    h: 9,
    options: { legend: { displayMode: "table", placement: "right", calcs: ["lastNotNull"] } },
    defaults: {
      unit: "bytes",
      color: palette,
      min: 0,
      custom: { fillOpacity: 35, stacking: { mode: "normal", group: "A" }, lineWidth: 1 },
    },
    frames: [
      matrix({
        legend: "{{use}}",
        series: ["used", "buffers", "cached", "free"].map((use, index) => ({
          labels: { use },
          values: wave(20 + index, POINTS, (6 + index * 5) * 2 ** 30, 1.2 * 2 ** 30),
        })),
      }),
    ],
  },
  {
    title: "Requests and latency: two axes",
    type: "timeseries",
    w: 8,
    h: 8,
    defaults: { unit: "reqps", color: palette, custom: { drawStyle: "bars", fillOpacity: 60, lineWidth: 0 } },
    overrides: [
      {
        matcher: { id: "byName", options: "p95" },
        properties: [
          { id: "unit", value: "s" },
          { id: "custom.drawStyle", value: "line" },
          { id: "custom.lineWidth", value: 2 },
          { id: "custom.fillOpacity", value: 0 },
          { id: "custom.axisPlacement", value: "right" },
          { id: "color", value: { mode: "fixed", fixedColor: "orange" } },
        ],
      },
    ],
    frames: [
      matrix({ legend: "requests", series: [{ labels: {}, values: wave(31, 60, 40, 22) }] }),
      matrix({ id: "B", legend: "p95", series: [{ labels: {}, values: wave(32, 60, 1.4, 0.7) }] }),
    ],
  },
  {
    title: "Network: negative out, smooth",
    type: "timeseries",
    w: 8,
    h: 8,
    defaults: { unit: "binBps", color: palette, custom: { lineInterpolation: "smooth", fillOpacity: 20 } },
    overrides: [
      {
        matcher: { id: "byRegexp", options: "/ out$/" },
        properties: [{ id: "custom.transform", value: "negative-Y" }],
      },
    ],
    frames: [
      matrix({
        legend: "{{dev}}",
        series: ["eth0 in", "eth0 out", "ib0 in", "ib0 out"].map((dev, index) => ({
          labels: { dev },
          values: wave(50 + index, POINTS, 3e6 * (index + 1), 2e6),
        })),
      }),
    ],
  },
  {
    title: "Power, coloured by value, with a gap",
    type: "timeseries",
    w: 8,
    h: 8,
    defaults: {
      unit: "watt",
      color: { mode: "continuous-GrYlRd" },
      custom: { gradientMode: "scheme", fillOpacity: 25, lineWidth: 2, showPoints: "never" },
    },
    frames: [matrix({ legend: "GPU {{gpu}}", series: withGap.slice(0, 1) })],
  },
  {
    title: "Uptime",
    type: "stat",
    w: 4,
    h: 5,
    options: { colorMode: "value", graphMode: "none", reduceOptions: { calcs: ["lastNotNull"] } },
    defaults: {
      unit: "dtdurations",
      color: { mode: "thresholds" },
      thresholds: LEVELS && { mode: "absolute", steps: [{ value: null, color: "green" }] },
    },
    frames: [matrix({ legend: "uptime", series: [{ labels: {}, values: Float64Array.of(1, 93784) }] })],
  },
  {
    title: "Tokens per second",
    type: "stat",
    w: 4,
    h: 5,
    options: {
      colorMode: "value",
      graphMode: "area",
      reduceOptions: { calcs: ["lastNotNull"] },
      showPercentChange: true,
    },
    defaults: { unit: "short", decimals: 1, color: { mode: "fixed", fixedColor: "blue" } },
    frames: [matrix({ legend: "tokens", series: [{ labels: {}, values: wave(61, POINTS, 4200, 1500) }] })],
  },
  {
    title: "GPU temperature",
    type: "stat",
    w: 8,
    h: 5,
    options: { colorMode: "background", graphMode: "area", reduceOptions: { calcs: ["lastNotNull"] } },
    defaults: { unit: "celsius", decimals: 0, color: { mode: "thresholds" }, thresholds: LEVELS },
    frames: [
      matrix({
        legend: "GPU {{gpu}}",
        series: [45, 66, 82, 93].map((level, index) => ({
          labels: { gpu: `${index}` },
          values: wave(70 + index, POINTS, level, 6),
        })),
      }),
    ],
  },
  {
    title: "Service",
    type: "stat",
    w: 4,
    h: 5,
    options: { colorMode: "background_solid", graphMode: "none", orientation: "horizontal" },
    defaults: {
      mappings: [
        { type: "value", options: { "0": { text: "DOWN", color: "red" }, "1": { text: "UP", color: "green" } } },
      ],
    },
    frames: [
      vector(
        "A",
        [
          [{ job: "vllm" }, 1],
          [{ job: "gateway" }, 0],
        ],
        "time_series",
      ),
    ],
  },
  {
    title: "Memory",
    type: "gauge",
    w: 4,
    h: 5,
    defaults: { unit: "percent", min: 0, max: 100, thresholds: LEVELS, color: { mode: "thresholds" } },
    frames: [vector("A", [[{}, 72.4]], "time_series")],
  },
  {
    title: "GPU load",
    type: "gauge",
    w: 10,
    h: 6,
    options: { showThresholdLabels: true },
    defaults: { unit: "percentunit", min: 0, max: 1, thresholds: { mode: "percentage", steps: LEVELS?.steps ?? [] } },
    frames: [
      vector(
        "A",
        gpus.map((gpu, index) => [{ gpu: `GPU ${gpu}` }, 0.2 + index * 0.24]),
        "time_series",
      ),
    ],
  },
  {
    title: "Disks",
    type: "bargauge",
    w: 7,
    h: 6,
    options: { displayMode: "gradient", orientation: "horizontal" },
    defaults: { unit: "percent", min: 0, max: 100, thresholds: LEVELS },
    frames: [
      vector(
        "A",
        devices.map((device, index) => [{ device }, 18 + index * 19]),
        "time_series",
      ),
    ],
  },
  {
    title: "Disks, LCD",
    type: "bargauge",
    w: 7,
    h: 6,
    options: { displayMode: "lcd", orientation: "vertical" },
    defaults: { unit: "percent", min: 0, max: 100, color: { mode: "continuous-GrYlRd" } },
    frames: [
      vector(
        "A",
        devices.map((device, index) => [{ device }, 18 + index * 19]),
        "time_series",
      ),
    ],
  },
  {
    title: "File systems",
    type: "table",
    w: 14,
    h: 8,
    options: {
      footer: { show: true, reducer: ["sum"], fields: ["Size"] },
      sortBy: [{ displayName: "Used %", desc: true }],
    },
    overrides: [
      {
        matcher: { id: "byName", options: "Used %" },
        properties: [
          { id: "unit", value: "percent" },
          { id: "min", value: 0 },
          { id: "max", value: 100 },
          { id: "thresholds", value: LEVELS },
          { id: "custom.cellOptions", value: { type: "gauge", mode: "gradient" } },
          { id: "custom.width", value: 260 },
        ],
      },
      { matcher: { id: "byName", options: "Size" }, properties: [{ id: "unit", value: "bytes" }] },
      {
        matcher: { id: "byName", options: "State" },
        properties: [
          {
            id: "mappings",
            value: [
              {
                type: "value",
                options: { "0": { text: "ok", color: "green" }, "1": { text: "read-only", color: "red" } },
              },
            ],
          },
          { id: "custom.cellOptions", value: { type: "color-background" } },
          { id: "custom.width", value: 110 },
          { id: "custom.align", value: "center" },
        ],
      },
      {
        matcher: { id: "byName", options: "Device" },
        properties: [
          { id: "custom.filterable", value: true },
          { id: "links", value: [{ title: "Disk", url: "/d/disk?var-device=${__data.fields.Device}" }] },
        ],
      },
    ],
    transformations: [
      { id: "merge" },
      {
        id: "organize",
        options: {
          excludeByName: { Time: true },
          renameByName: {
            device: "Device",
            fstype: "Type",
            "Value #A": "Size",
            "Value #B": "Used %",
            "Value #C": "State",
          },
        },
      },
    ],
    frames: [
      vector(
        "A",
        devices.map((device, index) => [{ device, fstype: index === 2 ? "tmpfs" : "ext4" }, 2 ** (31 + index * 2)]),
      ),
      vector(
        "B",
        devices.map((device, index) => [{ device, fstype: index === 2 ? "tmpfs" : "ext4" }, 18 + index * 19]),
      ),
      vector(
        "C",
        devices.map((device, index) => [{ device, fstype: index === 2 ? "tmpfs" : "ext4" }, index === 3 ? 1 : 0]),
      ),
    ],
  },
  {
    title: "Time by model",
    type: "piechart",
    w: 5,
    h: 8,
    options: {
      pieType: "donut",
      legend: { displayMode: "table", placement: "bottom", values: ["value", "percent"] },
      displayLabels: ["percent"],
    },
    defaults: { unit: "s", color: palette },
    frames: [
      vector(
        "A",
        ["llama-3.3-70b", "qwen2.5-32b", "mistral-small", "embeddings"].map((model, index) => [
          { model },
          900 / (index + 1),
        ]),
        "time_series",
      ),
    ],
  },
  {
    title: "About this box",
    type: "text",
    w: 5,
    h: 8,
    options: {
      mode: "markdown",
      content:
        "# GPU box\n\nFour **H100** behind one gateway. See the [runbook](https://example.org).\n\n- weights on `/models`\n- logs on `/var/log`\n\n| port | what |\n|---|---|\n| 8000 | vLLM |\n| 3000 | Pharos |\n\n![map](https://example.org/map.png)",
    },
    frames: [],
  },
  { title: "Logs", type: "logs", w: 16, h: 9, options: { showTime: true }, frames: [logs(2000)] },
  {
    title: "A type of tomorrow",
    type: "hologram",
    w: 8,
    h: 9,
    frames: [
      vector(
        "A",
        devices.map((device, index) => [{ device }, index]),
      ),
    ],
  },
];

function model(sample: Sample, id: number): PanelModel {
  return {
    id,
    type: sample.type,
    title: sample.title,
    gridPos: { x: 0, y: 0, w: sample.w, h: sample.h },
    targets: [],
    options: sample.options ?? {},
    fieldConfig: { defaults: sample.defaults ?? {}, overrides: sample.overrides ?? [] },
    transformations: sample.transformations,
  };
}

/** `?newer` shows the rarer panels, `?bench=16x20x1000` draws that many panels, series and points instead. */
function samples(): Sample[] {
  const bench = /^(\d+)x(\d+)x(\d+)$/.exec(new URLSearchParams(location.search).get("bench") ?? "");
  if (!bench) {
    return new URLSearchParams(location.search).has("newer") ? NEWER : SAMPLES;
  }
  const [panels = 0, series = 0, points = 0] = bench.slice(1).map(Number);
  return Array.from({ length: panels }, (_, panel) => ({
    title: `Panel ${panel}`,
    type: "timeseries",
    w: 6,
    h: 8,
    options: { tooltip: { mode: "multi", sort: "desc" }, legend: { displayMode: "list", placement: "bottom" } },
    defaults: { unit: "percent", color: palette },
    frames: [
      matrix({
        legend: "series {{n}}",
        series: Array.from({ length: series }, (_, n) => ({
          labels: { n: `${n}` },
          values: wave(panel * 100 + n, points, 20 + n * 3, 14),
        })),
      }),
    ],
  }));
}

const interpolate = (text: string) => text;

function Panel({ sample, id }: { sample: Sample; id: number }) {
  const body = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number }>();
  const [panel] = useState(() => model(sample, id));
  const longest = Math.max(
    2,
    ...sample.frames.map((frame) => ("times" in frame && frame.kind === "matrix" ? frame.times.length : 0)),
  );
  const [range, setRange] = useState({ fromMs: END_MS - (longest - 1) * STEP_MS, toMs: END_MS });
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) {
        setSize({ width: Math.floor(entry.contentRect.width), height: Math.floor(entry.contentRect.height) });
      }
    });
    if (body.current) {
      observer.observe(body.current);
    }
    return () => observer.disconnect();
  }, []);
  const { component: Body } = findPanelType(sample.type);
  const theme = document.documentElement.getAttribute("data-mantine-color-scheme") === "light" ? "light" : "dark";
  return (
    <section
      style={{
        gridColumn: `span ${innerWidth < 700 ? 24 : sample.w}`,
        height: sample.h * 38 - 8,
        display: "flex",
        flexDirection: "column",
        background: "var(--bg-surface)",
        border: "1px solid var(--border)",
        borderRadius: "var(--radius-md)",
        minWidth: 0,
      }}
    >
      <h3 style={{ margin: 0, padding: "0 10px", font: "500 13px/30px var(--font-ui)", color: "var(--text)" }}>
        {sample.title}
      </h3>
      <div style={{ flex: 1, minHeight: 0, padding: "0 8px 8px" }}>
        <div ref={body} style={{ height: "100%" }}>
          <Suspense>
            {size && (
              <Body
                panel={panel}
                frames={sample.frames}
                range={range}
                timeZone="utc"
                theme={theme}
                {...size}
                syncKey="playground"
                graphTooltip={1}
                interpolate={interpolate}
                annotations={sample.annotations}
                exemplars={sample.exemplars}
                onZoom={setRange}
                onZoomOut={() =>
                  setRange(({ fromMs, toMs }) => ({
                    fromMs: fromMs - (toMs - fromMs) / 2,
                    toMs: toMs + (toMs - fromMs) / 2,
                  }))
                }
              />
            )}
          </Suspense>
        </div>
      </div>
    </section>
  );
}

const root = document.getElementById("root");
if (root) {
  document.body.style.cssText = "margin: 0; background: var(--bg-canvas); font-family: var(--font-ui)";
  createRoot(root).render(
    <main style={{ display: "grid", gridTemplateColumns: "repeat(24, minmax(0, 1fr))", gap: 8, padding: 8 }}>
      {samples().map((sample, index) => (
        <Panel key={sample.title} sample={sample} id={index} />
      ))}
    </main>,
  );
}
