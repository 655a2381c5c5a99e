/** Rows of states as a uPlot chart: axes by uPlot, bars and their texts painted here. */

import { rowAxis, timeAxis } from "../../charts/axes";
import { textWidth, UI_FONT } from "../../charts/measure";
import { type Chart, NO_DATA } from "../../charts/painted";
import { identity } from "../../charts/timeSeries";
import type { Plot } from "../../charts/UPlotChart";
import { parseColor, readableOn, type ThemeName } from "../../lib/colors";
import { mix } from "../../lib/colors/rgb";
import { stateFill, type TimelineRow, type TimelineState } from "./model";
import type { TimelineOptions } from "./options";

const FONT_PX = 11;
const PADDING_PX = 4;

export function timelinePlot(
  rows: readonly TimelineRow[],
  options: TimelineOptions,
  look: { theme: ThemeName; timeZones: readonly string[] },
): Plot {
  return {
    data: NO_DATA,
    signature: `${identity(rows)} ${look.theme} ${look.timeZones}`,
    options: {
      ms: 1,
      padding: [4, 18, 0, 4],
      legend: { show: false },
      // The first row stands on top.
      scales: { x: { time: true }, y: { range: [0, Math.max(1, rows.length)], dir: -1 } },
      axes: [
        ...look.timeZones.map((zone, index) => timeAxis(zone, index > 0 ? zone : undefined)),
        rowAxis({
          side: 3,
          show: placement(rows) !== "hidden",
          label: "",
          width: undefined,
          texts: rows.map(({ label }) => label),
          centered: true,
        }),
      ],
      series: [{}, { scale: "y", show: false }],
      cursor: { y: false, x: true, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
      hooks: { draw: [(u) => paint(u, rows, options, look.theme)] },
    },
  };
}

function placement(rows: readonly TimelineRow[]): unknown {
  return rows[0]?.field.config.custom?.axisPlacement;
}

function paint(u: Chart, rows: readonly TimelineRow[], options: TimelineOptions, theme: ThemeName): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `500 ${FONT_PX * devicePixelRatio}px ${UI_FONT}`;
  ctx.textBaseline = "middle";
  for (const [index, row] of rows.entries()) {
    paintRow(u, row, index, { options, theme, rows: rows.length });
  }
  ctx.restore();
}

interface RowContext {
  options: TimelineOptions;
  theme: ThemeName;
  rows: number;
}

function paintRow(u: Chart, row: TimelineRow, index: number, { options, theme, rows }: RowContext): void {
  const [min, max] = [u.scales.x?.min ?? 0, u.scales.x?.max ?? 1];
  const { left: edge, width: room, top: ceiling, height } = u.bbox;
  const tall = Math.max(1, (height / rows) * options.rowHeight);
  const top = ceiling + (height / rows) * (index + 0.5) - tall / 2;
  const surface = theme === "dark" ? "#171b22" : "#ffffff";
  for (const state of row.states) {
    if (state.toMs < min || state.fromMs > max) {
      continue;
    }
    const [from, to] = edgesOf(u, state, options);
    const left = Math.max(edge, from);
    const wide = Math.max(1, Math.min(edge + room, to) - left);
    const { ctx } = u;
    ctx.fillStyle = stateFill(row, state);
    ctx.fillRect(left, top, wide, tall);
    if (row.lineWidth > 0) {
      const line = row.lineWidth * devicePixelRatio;
      ctx.strokeStyle = state.color;
      ctx.lineWidth = line;
      ctx.strokeRect(left + line / 2, top + line / 2, Math.max(0, wide - line), Math.max(0, tall - line));
    }
    paintText(ctx, state, { left, wide, top, tall }, { options, row, surface });
  }
}

function edgesOf(u: Chart, state: TimelineState, options: TimelineOptions): [number, number] {
  const [from, to] = [u.valToPos(state.fromMs, "x", true), u.valToPos(state.toMs, "x", true)];
  if (!options.discrete) {
    // A hair between states keeps neighbours of one colour apart.
    return [Math.round(from), Math.round(to) - (to - from > 4 ? devicePixelRatio : 0)];
  }
  const inset = ((to - from) * (1 - options.columnWidth)) / 2;
  return [from + inset, to - inset];
}

function paintText(
  ctx: CanvasRenderingContext2D,
  state: TimelineState,
  box: { left: number; wide: number; top: number; tall: number },
  { options, row, surface }: { options: TimelineOptions; row: TimelineRow; surface: string },
): void {
  const ratio = devicePixelRatio;
  if (options.showValue === "never" || state.text === "" || box.tall < FONT_PX * ratio) {
    return;
  }
  const needed = (textWidth(state.text, FONT_PX, 500) + 2 * PADDING_PX) * ratio;
  if (options.showValue === "auto" && needed > box.wide) {
    return;
  }
  const transparent = parseColor(state.color).a === 0 || state.color === "transparent";
  const ground = transparent ? surface : mix(surface, state.color, row.fillOpacity);
  ctx.fillStyle = readableOn(ground);
  const align = options.discrete ? "center" : options.align;
  ctx.textAlign = align;
  const x =
    align === "left"
      ? box.left + PADDING_PX * ratio
      : align === "right"
        ? box.left + box.wide - PADDING_PX * ratio
        : box.left + box.wide / 2;
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.wide, box.tall);
  ctx.clip();
  ctx.fillText(state.text, x, box.top + box.tall / 2);
  ctx.restore();
}
