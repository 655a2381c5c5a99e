/** Bars as a uPlot chart: axes by uPlot, bars and texts painted here, upright or lying. */

import { categoryAxis, valueAxisOf } from "../../charts/axes";
import { textWidth, UI_FONT } from "../../charts/measure";
import { type Chart, NO_DATA, softRange } from "../../charts/painted";
import { drawThresholds } from "../../charts/thresholds";
import { identity } from "../../charts/timeSeries";
import { token } from "../../charts/tokens";
import type { Plot } from "../../charts/UPlotChart";
import { type ThemeName, withAlpha } from "../../lib/colors";
import { mix } from "../../lib/colors/rgb";
import { formattedText } from "../../lib/format";
import type { BarModel, BarSeries } from "./model";
import type { BarChartOptions } from "./options";

export interface BarPlotInput {
  model: BarModel;
  options: BarChartOptions;
  theme: ThemeName;
  horizontal: boolean;
  /** The category under the cursor, for the full highlight. */
  hovered: () => number | undefined;
}

const PADDING = 0.1;

export function barPlot(input: BarPlotInput): Plot {
  const { model, options, theme, horizontal } = input;
  const first = model.series.find(({ visible }) => visible) ?? (model.series[0] as BarSeries);
  const percent = options.stacking === "percent";
  const spec = { key: "y", field: first.field, options: first.options, percent, includesZero: true };
  const chars = options.maxLabelChars;
  const texts = model.categories.map((text) => (chars && text.length > chars ? `${text.slice(0, chars)}…` : text));
  const logarithmic = first.options.scale.type === "log";
  return {
    data: NO_DATA,
    signature: `${identity(model)} ${identity(options)} ${theme} ${horizontal}`,
    options: {
      padding: horizontal ? [0, 18, 0, 4] : [14, options.rotation < 0 ? 44 : 10, 0, options.rotation > 0 ? 44 : 4],
      legend: { show: false },
      scales: {
        x: {
          time: false,
          range: [-0.5, Math.max(0.5, model.categories.length - 0.5)],
          ori: horizontal ? 1 : 0,
          dir: horizontal ? -1 : 1,
        },
        y: {
          range: () => valueRange(model, first, percent, logarithmic),
          ori: horizontal ? 0 : 1,
          distr: logarithmic ? 3 : 1,
          log: first.options.scale.log,
        },
      },
      axes: [
        categoryAxis({ texts, horizontal, rotation: options.rotation, spacing: options.spacing }),
        valueAxisOf(spec, horizontal ? 2 : first.options.axisPlacement === "right" ? 1 : 3),
      ],
      series: [{}, { scale: "y", show: false }],
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
      hooks: {
        drawClear: [(u) => drawThresholds(u, horizontal ? [] : [spec], theme, "under")],
        draw: [
          (u) => {
            paint(u, input);
            drawThresholds(u, horizontal ? [] : [spec], theme, "over");
          },
        ],
      },
    },
  };
}

function valueRange(model: BarModel, { field, options }: BarSeries, percent: boolean, log: boolean): [number, number] {
  if (percent) {
    return [0, 1];
  }
  const [low, high] = model.range;
  const [min, max] = softRange(low, high || 1, {
    min: { pad: low < 0 ? PADDING : 0, soft: options.axisSoftMin ?? 0 },
    max: { pad: high > 0 ? PADDING : 0, soft: options.axisSoftMax ?? 0 },
  });
  const [from, to] = [field.config.min ?? min, field.config.max ?? max];
  if (log) {
    const positive = model.series.flatMap(({ values }) =>
      values.filter((v): v is number => typeof v === "number" && v > 0),
    );
    return [Math.min(...positive, high || 1) / options.scale.log, to > 0 ? to : 1];
  }
  return to > from ? [from, to] : [from, from + 1];
}

interface Slot {
  /** Along the category axis, canvas pixels. */
  start: number;
  size: number;
}

/** Where a series' bar stands within its category. */
export function slotOf(
  category: { start: number; size: number },
  at: { index: number; count: number },
  options: BarChartOptions,
): Slot {
  const group = category.size * options.groupWidth;
  const groupStart = category.start + (category.size - group) / 2;
  const each = options.stacking === "none" ? group / Math.max(1, at.count) : group;
  const size = Math.max(1, each * options.barWidth);
  const place = options.stacking === "none" ? at.index : 0;
  return { start: groupStart + place * each + (each - size) / 2, size };
}

function paint(u: Chart, { model, options, horizontal, hovered }: BarPlotInput): void {
  const { ctx, bbox } = u;
  const visible = model.series.filter((series) => series.visible);
  const whole = (horizontal ? bbox.height : bbox.width) / Math.max(1, model.categories.length);
  const origin = horizontal ? bbox.top : bbox.left;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const highlighted = options.fullHighlight ? hovered() : undefined;
  if (highlighted !== undefined) {
    ctx.fillStyle = token("--bg-hover");
    const start = origin + highlighted * whole;
    ctx.fillRect(
      ...box(horizontal, start, whole, horizontal ? bbox.left : bbox.top, horizontal ? bbox.width : bbox.height),
    );
  }
  const texts: ValueText[] = [];
  visible.forEach((series, index) => {
    for (let row = 0; row < model.categories.length; row++) {
      const [from, to] = [series.from[row], series.to[row]];
      if (typeof to !== "number" || typeof from !== "number") {
        continue;
      }
      const slot = slotOf({ start: origin + row * whole, size: whole }, { index, count: visible.length }, options);
      const a = u.valToPos(Math.max(u.scales.y?.min ?? 0, from), "y", true);
      const b = u.valToPos(to, "y", true);
      const color = model.colors[row] ?? barColor(series, row);
      const rect = box(horizontal, slot.start, slot.size, Math.min(a, b), Math.abs(a - b));
      paintBar(ctx, rect, { color, series, horizontal, radius: options.barRadius * slot.size, up: to >= from });
      if (options.showValue !== "never") {
        texts.push({ series, row, slot, start: a, end: b, up: to >= 0 });
      }
    }
  });
  ctx.restore();
  paintTexts(u, texts, options, horizontal);
}

/** In modes by value each bar has its own colour. */
export function barColor(series: BarSeries, row: number): string {
  const mode = series.field.config.color?.mode ?? "";
  const byValue =
    mode === "thresholds" || mode.startsWith("continuous") || (series.field.config.mappings?.length ?? 0) > 0;
  return byValue ? (series.field.display?.(series.values[row]).color ?? series.color) : series.color;
}

type Rect = [x: number, y: number, width: number, height: number];

/** A rectangle from its place along the categories and along the values. */
function box(horizontal: boolean, start: number, size: number, valueStart: number, valueSize: number): Rect {
  return horizontal ? [valueStart, start, valueSize, size] : [start, valueStart, size, valueSize];
}

interface BarLook {
  color: string;
  series: BarSeries;
  horizontal: boolean;
  radius: number;
  up: boolean;
}

function paintBar(ctx: CanvasRenderingContext2D, [x, y, width, height]: Rect, look: BarLook): void {
  const { options } = look.series;
  const opacity = (look.series.field.config.custom?.fillOpacity as number | undefined) ?? DEFAULT_OPACITY;
  ctx.fillStyle = fillOf(ctx, [x, y, width, height], look, opacity / 100);
  ctx.beginPath();
  const { radius: r, up, horizontal } = look;
  const corners = horizontal ? (up ? [0, r, r, 0] : [r, 0, 0, r]) : up ? [r, r, 0, 0] : [0, 0, r, r];
  ctx.roundRect(x, y, width, height, corners);
  ctx.fill();
  if (options.lineWidth > 0) {
    ctx.lineWidth = options.lineWidth * devicePixelRatio;
    ctx.strokeStyle = look.color;
    ctx.stroke();
  }
}

const DEFAULT_OPACITY = 80;

function fillOf(ctx: CanvasRenderingContext2D, [x, y, width, height]: Rect, look: BarLook, opacity: number) {
  const mode = look.series.options.gradientMode;
  if (mode !== "opacity" && mode !== "hue") {
    return withAlpha(look.color, opacity);
  }
  const gradient = look.horizontal
    ? ctx.createLinearGradient(x + width, 0, x, 0)
    : ctx.createLinearGradient(0, y, 0, y + height);
  const ends =
    mode === "opacity"
      ? [withAlpha(look.color, opacity), withAlpha(look.color, opacity * 0.15)]
      : [withAlpha(mix(look.color, "#ffffff", 0.3), opacity), withAlpha(mix(look.color, "#000000", 0.3), opacity)];
  gradient.addColorStop(0, ends[0] ?? look.color);
  gradient.addColorStop(1, ends[1] ?? look.color);
  return gradient;
}

interface ValueText {
  series: BarSeries;
  row: number;
  slot: Slot;
  /** The bar's ends on the value axis, canvas pixels. */
  start: number;
  end: number;
  up: boolean;
}

const MAX_TEXTS = 2000;
const TEXT_PX = 11;

/** All texts or none where they are automatic: some with, some without would look like missing values. */
function paintTexts(u: Chart, texts: readonly ValueText[], options: BarChartOptions, horizontal: boolean): void {
  const ratio = devicePixelRatio;
  const px = options.valuePx ?? TEXT_PX;
  const written = texts.slice(0, MAX_TEXTS).map((entry) => ({ ...entry, text: textOf(entry) }));
  const stacked = options.stacking !== "none";
  const fits = written.every(({ text, slot }) =>
    horizontal ? slot.size >= px * ratio : textWidth(text, px, 500) * ratio <= slot.size + 6 * ratio,
  );
  if ((options.showValue === "auto" && (!fits || stacked)) || texts.length > MAX_TEXTS) {
    return;
  }
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `500 ${px * ratio}px ${UI_FONT}`;
  ctx.fillStyle = token("--text");
  for (const { text, slot, start, end, up } of written) {
    const middle = slot.start + slot.size / 2;
    if (stacked) {
      const room = Math.abs(end - start);
      const needed = horizontal ? textWidth(text, px, 500) * ratio : px * ratio;
      if (room > needed + 2 * ratio) {
        ctx.textAlign = "center";
        ctx.textBaseline = "middle";
        ctx.fillText(
          text,
          ...(horizontal ? ([(start + end) / 2, middle] as const) : ([middle, (start + end) / 2] as const)),
        );
      }
    } else if (horizontal) {
      ctx.textBaseline = "middle";
      const outside = end + (textWidth(text, px, 500) + 5) * ratio > bbox.left + bbox.width + 16 * ratio;
      ctx.textAlign = outside || !up ? "right" : "left";
      ctx.fillText(text, end + (outside || !up ? -4 : 4) * ratio, middle);
    } else {
      ctx.textAlign = "center";
      ctx.textBaseline = up ? "bottom" : "top";
      ctx.fillText(text, middle, end + (up ? -3 : 3) * ratio);
    }
  }
  ctx.restore();
}

const textOf = ({ series, row }: ValueText) => {
  const value = series.values[row];
  return series.field.display ? formattedText(series.field.display(value)) : String(value);
};
