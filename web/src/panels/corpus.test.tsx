/** Real dashboards: every panel of them is prepared, many are drawn. Reads PHAROS_TEST_DATA, skips without it. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, it, vi } from "vitest";
import { timeSeriesChart } from "../charts/timeSeries";
import { END_MS, matrix, vector, wave } from "./playgroundData";
import { findPanelType } from "./registry";
import type { PanelModel, PanelProps } from "./types";
import { panelFrames } from "./usePanelFrames";

vi.mock("../charts/UPlotChart", () => ({ UPlotChart: () => null }));
HTMLCanvasElement.prototype.getContext = () => null;

const folder = join(process.env.PHAROS_TEST_DATA ?? "", "dashboards", "corpus");
const present = process.env.PHAROS_TEST_DATA !== undefined && existsSync(folder);
if (!present) {
  console.log("PHAROS_TEST_DATA is not set: the tests over real dashboards are skipped");
}

/** Panels drawn, not just prepared: the rest only repeats them. */
const DRAWN_FILES = 6;

type Json = Record<string, unknown>;

function files(): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json") && !name.endsWith("index.json"))
    .sort();
}

function panelsOf(json: Json): PanelModel[] {
  const dashboard = (json.dashboard as Json | undefined) ?? json;
  const rows = Array.isArray(dashboard.rows) ? (dashboard.rows as Json[]) : [];
  const top = [...rows, ...(Array.isArray(dashboard.panels) ? (dashboard.panels as Json[]) : [])];
  return top.flatMap((panel) => [panel, ...(Array.isArray(panel.panels) ? (panel.panels as Json[]) : [])]) as never;
}

const labels = (instance: string) => ({ __name__: "m", instance, job: "node", le: "1", device: "sda" });
const DATA = [
  matrix({
    legend: "{{instance}}",
    series: ["a", "b"].map((name, index) => ({ labels: labels(name), values: wave(index, 20, 50, 30) })),
  }),
  vector("B", [
    [labels("a"), 3],
    [labels("b"), 4],
  ]),
];

const context = { theme: "dark" as const, timeZone: "utc", interpolate: (text: string) => text };

function propsOf(panel: PanelModel): PanelProps {
  return {
    ...context,
    panel,
    frames: DATA,
    range: { fromMs: END_MS - 300_000, toMs: END_MS },
    width: 500,
    height: 240,
    syncKey: "x",
    graphTooltip: 0,
    onZoom: () => undefined,
    onZoomOut: () => undefined,
  };
}

describe.skipIf(!present)("real dashboards", () => {
  it("prepare every panel", () => {
    let panels = 0;
    for (const file of files()) {
      for (const panel of panelsOf(JSON.parse(readFileSync(join(folder, file), "utf8").replace(/^\uFEFF/, "")))) {
        const { frames } = panelFrames(panel, DATA, context);
        const chart = timeSeriesChart({ ...context, frames, isHidden: () => false, range: () => [0, 1] });
        expect(chart.data.length, `${file}: ${panel.title}`).toBe(chart.series.length + 1);
        panels += 1;
      }
    }
    expect(panels).toBeGreaterThan(1000);
  }, 300_000);

  it("draw the panels of some", async () => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    const step = Math.max(1, Math.floor(files().length / DRAWN_FILES));
    for (const file of files().filter((_, index) => index % step === 0)) {
      for (const panel of panelsOf(JSON.parse(readFileSync(join(folder, file), "utf8")))) {
        const { component: Body } = findPanelType(String(panel.type));
        const root = createRoot(document.createElement("div"));
        await act(async () => root.render(<Body {...propsOf(panel)} />));
        await act(async () => root.unmount());
      }
    }
  }, 300_000);
});
