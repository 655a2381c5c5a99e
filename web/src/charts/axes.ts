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

function look(): Pick<uPlot.Axis, "stroke" | "font" | "labelFont" | "grid" | "ticks"> {
  return {
    stroke: () => token("--chart-axis"),
    font: FONT,
    labelFont: FONT,
    grid: { show: true, stroke: () => token("--chart-grid"), width: 1 },
    ticks: { show: true, stroke: () => token("--chart-grid"), width: 1, size: 4 },
  };
}

/** The time axis. */
export function timeAxis(timeZone: string, show = true): uPlot.Axis {
  return {
    ...look(),
    show,
    scale: "x",
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
