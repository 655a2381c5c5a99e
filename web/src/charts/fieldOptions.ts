/** How a field wants to be drawn over time: its custom options with defaults filled in. */

import type { Field } from "../lib/dataFrame";

export interface GraphFieldOptions {
  drawStyle: "line" | "bars" | "points";
  lineInterpolation: "linear" | "smooth" | "stepBefore" | "stepAfter";
  lineWidth: number;
  lineDash: number[] | undefined;
  fillOpacity: number;
  fillBelowTo: string | undefined;
  gradientMode: "none" | "opacity" | "hue" | "scheme";
  showPoints: "auto" | "never" | "always";
  pointSize: number;
  /** Each point's value beside it. */
  showValues: boolean;
  /** True connects all gaps; a number those of up to that many milliseconds. */
  spanNulls: boolean | number;
  stacking: { mode: "none" | "normal" | "percent"; group: string };
  transform: "none" | "negative-Y" | "constant";
  barWidthFactor: number;
  barMaxWidth: number;
  barAlignment: -1 | 0 | 1;
  axisPlacement: "auto" | "left" | "right" | "hidden";
  axisLabel: string;
  axisWidth: number | undefined;
  axisGridShow: boolean | undefined;
  axisCenteredZero: boolean;
  axisSoftMin: number | undefined;
  axisSoftMax: number | undefined;
  axisColorFromSeries: boolean;
  axisBorderShow: boolean;
  scale: { type: "linear" | "log" | "symlog"; log: 2 | 10; linearThreshold: number };
  thresholdsStyle: "off" | "line" | "dashed" | "area" | "line+area" | "dashed+area" | "series";
  hideFrom: { viz: boolean; legend: boolean; tooltip: boolean };
}

type Custom = Record<string, unknown>;

const record = (value: unknown): Custom => (typeof value === "object" && value !== null ? (value as Custom) : {});
const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
const text = <T extends string>(value: unknown, allowed: readonly T[], fallback: T): T =>
  allowed.includes(value as T) ? (value as T) : fallback;

/** Unknown or broken options fall back to the defaults of new panels. */
export function graphFieldOptions(field: Field): GraphFieldOptions {
  const custom = record(field.config.custom);
  const stacking = record(custom.stacking);
  const hideFrom = record(custom.hideFrom);
  return {
    drawStyle: text(custom.drawStyle, ["line", "bars", "points"], "line"),
    lineInterpolation: text(custom.lineInterpolation, ["linear", "smooth", "stepBefore", "stepAfter"], "linear"),
    lineWidth: number(custom.lineWidth) ?? 1,
    lineDash: dashOf(custom.lineStyle),
    fillOpacity: number(custom.fillOpacity) ?? 0,
    fillBelowTo: typeof custom.fillBelowTo === "string" && custom.fillBelowTo ? custom.fillBelowTo : undefined,
    gradientMode: text(custom.gradientMode, ["none", "opacity", "hue", "scheme"], "none"),
    showPoints: text(custom.showPoints, ["auto", "never", "always"], "auto"),
    pointSize: number(custom.pointSize) ?? 5,
    showValues: custom.showValues === true,
    spanNulls: typeof custom.spanNulls === "number" ? custom.spanNulls : custom.spanNulls === true,
    stacking: {
      mode: text(stacking.mode, ["none", "normal", "percent"], "none"),
      group: typeof stacking.group === "string" ? stacking.group : "A",
    },
    transform: text(custom.transform, ["none", "negative-Y", "constant"], "none"),
    barWidthFactor: number(custom.barWidthFactor) ?? 0.6,
    barMaxWidth: number(custom.barMaxWidth) ?? 200,
    barAlignment: ([-1, 0, 1] as const).find((side) => side === custom.barAlignment) ?? 0,
    hideFrom: { viz: hideFrom.viz === true, legend: hideFrom.legend === true, tooltip: hideFrom.tooltip === true },
    ...axisOptions(custom),
  };
}

type AxisOptions = Pick<
  GraphFieldOptions,
  | "axisPlacement"
  | "axisLabel"
  | "axisWidth"
  | "axisGridShow"
  | "axisCenteredZero"
  | "axisSoftMin"
  | "axisSoftMax"
  | "axisColorFromSeries"
  | "axisBorderShow"
  | "scale"
  | "thresholdsStyle"
>;

function axisOptions(custom: Custom): AxisOptions {
  const scale = record(custom.scaleDistribution);
  const styles = ["off", "line", "dashed", "area", "line+area", "dashed+area", "series"] as const;
  return {
    axisPlacement: text(custom.axisPlacement, ["auto", "left", "right", "hidden"], "auto"),
    axisLabel: typeof custom.axisLabel === "string" ? custom.axisLabel : "",
    axisWidth: number(custom.axisWidth),
    axisGridShow: typeof custom.axisGridShow === "boolean" ? custom.axisGridShow : undefined,
    axisCenteredZero: custom.axisCenteredZero === true,
    axisSoftMin: number(custom.axisSoftMin),
    axisSoftMax: number(custom.axisSoftMax),
    axisColorFromSeries: custom.axisColorMode === "series",
    axisBorderShow: custom.axisBorderShow === true,
    scale: {
      type: text(scale.type, ["linear", "log", "symlog"], "linear"),
      log: scale.log === 2 ? 2 : 10,
      linearThreshold: number(scale.linearThreshold) ?? 1,
    },
    thresholdsStyle: text(record(custom.thresholdsStyle).mode, styles, "off"),
  };
}

function dashOf(lineStyle: unknown): number[] | undefined {
  const { fill, dash } = record(lineStyle);
  if (fill === "dot") {
    return [0, 3];
  }
  if (fill !== "dash") {
    return undefined;
  }
  const lengths = Array.isArray(dash) ? dash.map(Number).filter((length) => length >= 0) : [];
  return lengths.length > 1 ? lengths : [10, 10];
}
