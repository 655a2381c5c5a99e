/** Axes: how ticks are spaced, written and measured. */

import type uPlot from "uplot";
import type { Field } from "../lib/dataFrame";
import { formatDate, formattedText, formatValue } from "../lib/format";
import { textWidth, UI_FONT } from "./measure";
import { type ScaleSpec, tickIncrements } from "./scales";
import { token } from "./tokens";

const FONT_PX = 11;
const FONT = `${FONT_PX}px ${UI_FONT}`;
const DAY_MS = 86_400_000;
/** Names of rows take no more room than this. */
const MAX_NAME_PX = 260;

function look(): Pick<uPlot.Axis, "stroke" | "font" | "labelFont" | "grid" | "ticks"> {
  return {
    stroke: () => token("--chart-axis"),
    font: FONT,
    labelFont: FONT,
    grid: { show: true, stroke: () => token("--chart-grid"), width: 1 },
    ticks: { show: true, stroke: () => token("--chart-grid"), width: 1, size: 4 },
  };
}

/** The time axis; further ones say which zone they tell. */
export function timeAxis(timeZone: string, label?: string): uPlot.Axis {
  return {
    ...look(),
    ...(label ? { label, labelSize: 13, labelGap: 0, grid: { show: false }, ticks: { show: false } } : {}),
    scale: "x",
    side: 2,
    size: 24,
    gap: 4,
    space: (_u, _axis, min, max) => (max - min > DAY_MS ? 92 : 66),
    values: (u, splits, _axis, _space, increment) => {
      const { min = 0, max = 0 } = u.scales.x ?? {};
      const pattern = timePattern(increment, Number(max) - Number(min));
      return splits.map((time) => (time === null ? "" : formatDate(time, pattern, timeZone)));
    },
  };
}

/** A horizontal axis of numbers. */
export function numberAxis(field: Field): uPlot.Axis {
  const format = tickFormat(field, false);
  return {
    ...look(),
    scale: "x",
    size: 26,
    gap: 4,
    space: 60,
    incrs: tickIncrements(field.config.unit),
    values: (_u, splits) => format(splits),
  };
}

/** As much of a date as the distance of the ticks and the length of the range need. */
export function timePattern(incrementMs: number, rangeMs: number): string {
  if (incrementMs < 1000) {
    return "HH:mm:ss.SSS";
  }
  if (incrementMs < 60_000) {
    return "HH:mm:ss";
  }
  if (incrementMs < DAY_MS) {
    return rangeMs > DAY_MS ? "MM/DD HH:mm" : "HH:mm";
  }
  if (incrementMs < 28 * DAY_MS) {
    return rangeMs > 366 * DAY_MS ? "YYYY-MM-DD" : "MM/DD";
  }
  return incrementMs < 365 * DAY_MS ? "YYYY-MM" : "YYYY";
}

/** A value axis on its side. */
export function valueAxis(spec: ScaleSpec, side: 1 | 3, drawGrid: boolean, color: string | undefined): uPlot.Axis {
  const { options, field } = spec;
  const format = tickFormat(field, spec.percent);
  const base = look();
  return {
    ...base,
    scale: spec.key,
    side,
    show: options.axisPlacement !== "hidden",
    stroke: color ?? base.stroke,
    label: options.axisLabel || undefined,
    labelSize: options.axisLabel ? 18 : 0,
    labelGap: 0,
    gap: 5,
    incrs: spec.percent || options.scale.type !== "linear" ? undefined : tickIncrements(field.config.unit),
    grid: { ...base.grid, show: options.axisGridShow ?? drawGrid },
    ticks: { ...base.ticks, show: false },
    border: { show: options.axisBorderShow, stroke: color ?? base.stroke, width: 1 },
    space: (_u, _axis, _min, _max, length) => Math.max(22, Math.min(48, length / 4)),
    values: (_u, splits) => format(splits),
    size: (u, values, axisIndex, cycle) => axisWidth(u, values, axisIndex, cycle, options.axisWidth),
  };
}

/** Measured once a layout: the second pass must not move what the first one settled. */
function axisWidth(
  u: uPlot,
  values: string[] | null,
  axisIndex: number,
  cycle: number,
  fixed: number | undefined,
): number {
  if (fixed !== undefined && fixed > 0) {
    return fixed;
  }
  const axis = u.axes[axisIndex] as (uPlot.Axis & { _size?: number }) | undefined;
  if (cycle > 1 && axis?._size !== undefined) {
    return axis._size;
  }
  const widest = (values ?? []).reduce((width, text) => Math.max(width, textWidth(text ?? "", FONT_PX)), 0);
  return Math.ceil(widest) + 12;
}

const MAX_EXTRA_DECIMALS = 3;

/** Tick texts with just as many decimals as tell the ticks apart exactly. */
export function tickFormat(field: Field, percent: boolean): (splits: (number | null)[]) => string[] {
  const show = (value: number, decimals: number): string => {
    if (percent) {
      return formatValue(value, "percentunit", 0);
    }
    return field.display ? formattedText(field.display(value, decimals)) : formatValue(value, field.config.unit);
  };
  return (splits) => {
    const values = splits.filter((value): value is number => value !== null && Number.isFinite(value));
    let decimals = 0;
    const differs = () => values.some((value) => show(value, decimals) !== show(value, decimals + 2));
    while (decimals < MAX_EXTRA_DECIMALS && differs()) {
      decimals += 1;
    }
    const most = splits.every((value) => value === null || Math.abs(value) < 1e-3) ? decimals + 3 : decimals;
    return splits.map((value) => (value === null || !Number.isFinite(value) ? "" : show(value, most)));
  };
}

export interface SideAxis {
  side: 1 | 3;
  show: boolean;
  label: string;
  width: number | undefined;
}

/** A value axis whose texts the caller makes. */
export function numericAxis({ text, ...place }: SideAxis & { text: (value: number) => string }): uPlot.Axis {
  return {
    ...sideAxis(place),
    space: (_u, _axis, _min, _max, length) => Math.max(22, Math.min(48, length / 4)),
    values: (_u, splits) => splits.map((value) => (value === null ? "" : text(value))),
  };
}

/** An axis of rows 0, 1, 2, …: a text in the middle of each row, or at the bounds between them. */
export function rowAxis({
  texts,
  centered,
  ...place
}: SideAxis & { texts: readonly string[]; centered: boolean }): uPlot.Axis {
  const shift = centered ? 0.5 : 0;
  return {
    ...sideAxis(place),
    splits: (u) => {
      const every = Math.max(1, Math.ceil((texts.length * 16) / Math.max(16, u.bbox.height / devicePixelRatio)));
      return texts.flatMap((_, index) => (index % every === 0 ? [index + shift] : []));
    },
    values: (_u, splits) => splits.map((value) => texts[Math.round((value ?? 0) - shift)] ?? ""),
  };
}

function sideAxis({ side, show, label, width }: SideAxis): uPlot.Axis {
  const base = look();
  return {
    ...base,
    scale: "y",
    side,
    show,
    label: label || undefined,
    labelSize: label ? 18 : 0,
    labelGap: 0,
    gap: 5,
    grid: { show: false },
    ticks: { show: false },
    size: (u, values, axisIndex, cycle) => Math.min(MAX_NAME_PX, axisWidth(u, values, axisIndex, cycle, width)),
  };
}

/** A horizontal axis of numbers in the field's unit. */
export const numericXAxis = numberAxis;

/** A value axis of a chart that has but one: its texts stand along any side. */
export function valueAxisOf(spec: ScaleSpec, side: 1 | 2 | 3): uPlot.Axis {
  const axis = valueAxis(spec, side === 1 ? 1 : 3, true, undefined);
  return side === 2 ? { ...axis, side: 2, size: spec.options.axisLabel ? 24 : 26, gap: 4, space: 60 } : axis;
}

export interface CategoryAxis {
  texts: readonly string[];
  /** Categories stand under one another. */
  horizontal: boolean;
  /** Degrees. */
  rotation: number;
  /** 0: as many texts as fit; a number: at least that many pixels apart, from the end where negative. */
  spacing: number;
}

/** An axis of names at 0, 1, 2, … */
export function categoryAxis({ texts, horizontal, rotation, spacing }: CategoryAxis): uPlot.Axis {
  const widest = Math.min(
    MAX_NAME_PX,
    texts.reduce((width, text) => Math.max(width, textWidth(text, FONT_PX)), 0),
  );
  const turned = Math.abs(Math.sin((rotation * Math.PI) / 180));
  const needed = horizontal ? FONT_PX + 4 : turned > 0.1 ? FONT_PX / turned + 4 : widest + 10;
  return {
    ...look(),
    scale: "x",
    side: horizontal ? 3 : 2,
    rotate: horizontal ? 0 : rotation,
    grid: { show: false },
    ticks: { show: false },
    gap: 5,
    size: horizontal ? widest + 12 : Math.min(140, Math.ceil(widest * turned) + 24),
    splits: (u) => {
      const length = (horizontal ? u.bbox.height : u.bbox.width) / devicePixelRatio;
      const each = length / Math.max(1, texts.length);
      const every = Math.max(1, Math.ceil(Math.max(needed, Math.abs(spacing)) / Math.max(0.1, each)));
      const from = spacing < 0 ? (texts.length - 1) % every : 0;
      return texts.flatMap((_, index) => (index % every === from ? [index] : []));
    },
    values: (_u, splits) => splits.map((value) => texts[value ?? -1] ?? ""),
  };
}
