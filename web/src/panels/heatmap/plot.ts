/** The heatmap as a uPlot chart: axes by uPlot, cells painted here. */

import { numericAxis, rowAxis, timeAxis } from "../../charts/axes";
import { type DrawnExemplar, drawExemplars } from "../../charts/exemplars";
import { textWidth, UI_FONT } from "../../charts/measure";
import { type Chart, NO_DATA } from "../../charts/painted";
import { identity } from "../../charts/timeSeries";
import type { Plot } from "../../charts/UPlotChart";
import { readableOn, type ThemeName } from "../../lib/colors";
import { formattedText, valueFormat } from "../../lib/format";
import { cellPalette, type Palette } from "./colors";
import type { HeatmapCells } from "./model";
import type { HeatmapOptions } from "./options";

export interface HeatmapPlot extends Plot {
  palette: Palette;
}

export interface HeatmapInput {
  model: HeatmapCells;
  options: HeatmapOptions;
  theme: ThemeName;
  timeZone: string;
  exemplars: () => readonly DrawnExemplar[];
}

/** A value of the y axis as text. */
export function axisText(value: number, { yAxis }: HeatmapOptions): string {
  return Number.isFinite(value)
    ? formattedText(valueFormat(yAxis.unit)(value, yAxis.decimals))
    : value > 0
      ? "+Inf"
      : "-Inf";
}

export function cellText(count: number, { cellValues }: HeatmapOptions): string {
  return formattedText(valueFormat(cellValues.unit ?? "short")(count, cellValues.decimals));
}

/** A value on the scale of colours: what is nothing beside the scale's width is written as nothing. */
export function scaleText(count: number, [min, max]: readonly [number, number], options: HeatmapOptions): string {
  const isRounding = Math.abs(count) < (max - min) * 1e-3;
  return cellText(isRounding ? 0 : count, options);
}

export function heatmapPlot(input: HeatmapInput): HeatmapPlot {
  const { model, options, theme, timeZone } = input;
  const palette = cellPalette(options, model.valueRange, theme);
  const [low, high] = yRange(model, options);
  const logarithmic = model.logarithmic && low > 0;
  const { placement, label, width, reverse } = options.yAxis;
  const axis = {
    side: placement === "right" ? (1 as const) : (3 as const),
    show: placement !== "hidden",
    label,
    width,
  };
  return {
    palette,
    data: NO_DATA,
    signature: `${identity(model)} ${identity(options)} ${theme} ${timeZone}`,
    options: {
      ms: 1,
      padding: [8, placement === "right" ? 4 : 18, 0, placement === "left" ? 4 : 20],
      legend: { show: false },
      scales: {
        x: { time: true },
        y: { range: [low, high], dir: reverse ? -1 : 1, distr: logarithmic ? 3 : 1, log: 2 },
      },
      axes: [
        timeAxis(timeZone),
        model.rows
          ? rowAxis({ ...axis, texts: rowTexts(model, options), centered: !hasBounds(model) })
          : numericAxis({ ...axis, text: (value) => axisText(value, options) }),
      ],
      series: [{}, { scale: "y", show: false }],
      cursor: { y: true, x: true, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
      hooks: {
        draw: [
          (u) => {
            paintCells(u, model, options, palette);
            drawExemplars(u, input.exemplars(), options.exemplarColor);
          },
        ],
      },
    },
  };
}

function yRange(model: HeatmapCells, { yAxis }: HeatmapOptions): [number, number] {
  if (model.rows) {
    return [0, Math.max(1, model.rows.length)];
  }
  const low = yAxis.min ?? model.y0.reduce((least, y) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const high = yAxis.max ?? model.y1.reduce((most, y) => Math.max(most, y), Number.NEGATIVE_INFINITY);
  return Number.isFinite(low) && high > low ? [low, high] : [0, 1];
}

const hasBounds = ({ rows }: HeatmapCells) =>
  rows?.some(({ low, high }) => low !== undefined || high !== undefined) ?? false;

/** Bounds stand between the rows (one more than rows), names in their middles. */
function rowTexts(model: HeatmapCells, options: HeatmapOptions): string[] {
  const rows = model.rows ?? [];
  if (!hasBounds(model)) {
    return rows.map(({ name }) => name);
  }
  const bounds = [rows[0]?.low, ...rows.map(({ high }) => high)];
  return bounds.map((bound) => (bound === undefined ? "" : axisText(bound, options)));
}

function paintCells(u: Chart, model: HeatmapCells, options: HeatmapOptions, { colors, indexOf }: Palette): void {
  const { ctx, bbox } = u;
  const [min, max] = [u.scales.x?.min ?? 0, u.scales.x?.max ?? 1];
  const paths = new Map<number, Path2D>();
  const ratio = devicePixelRatio;
  const gap = options.cellGap * ratio;
  const texts: [text: string, x: number, y: number, index: number][] = [];
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { x0, x1, from, to } of model.columns) {
    if (x1 < min || x0 > max) {
      continue;
    }
    const left = Math.round(u.valToPos(x0, "x", true));
    const wide = Math.round(u.valToPos(x1, "x", true)) - left;
    const gapX = wide > 3 * gap ? gap : 0;
    for (let at = from; at < to; at++) {
      const a = Math.round(u.valToPos(model.y0[at] as number, "y", true));
      const b = Math.round(u.valToPos(model.y1[at] as number, "y", true));
      const tall = Math.abs(a - b);
      const gapY = tall > 3 * gap ? gap : 0;
      const count = model.count[at] as number;
      const index = indexOf(count);
      let path = paths.get(index);
      if (path === undefined) {
        path = new Path2D();
        paths.set(index, path);
      }
      const [x, y] = [left + gapX / 2, Math.min(a, b) + gapY / 2];
      const [width, height] = [Math.max(1, wide - gapX), Math.max(1, tall - gapY)];
      if (options.cellRadius > 0) {
        path.roundRect(x, y, width, height, Math.min(options.cellRadius * ratio, width / 2, height / 2));
      } else {
        path.rect(x, y, width, height);
      }
      if (options.showValue !== "never" && tall > 13 * ratio && wide > 16 * ratio) {
        texts.push([cellText(count, options), left + wide / 2, Math.min(a, b) + tall / 2, index]);
        if (options.showValue === "auto" && textWidth(texts[texts.length - 1]?.[0] ?? "", 11) * ratio > wide - gap) {
          texts.pop();
        }
      }
    }
  }
  for (const [index, path] of paths) {
    ctx.fillStyle = colors[index] ?? "";
    ctx.fill(path);
  }
  ctx.font = `${11 * ratio}px ${UI_FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const [text, x, y, index] of texts) {
    ctx.fillStyle = readableOn(colors[index] ?? "");
    ctx.fillText(text, x, y);
  }
  ctx.restore();
}
