/** Value scales: which fields share one, and what range it shows. */

import uPlot from "uplot";
import type { Field } from "../lib/dataFrame";
import { isBinaryUnit } from "../lib/format";
import type { GraphFieldOptions } from "./fieldOptions";

export interface ScaleSpec {
  key: string;
  /** The first field of the scale: its unit and options speak for the axis. */
  field: Field;
  options: GraphFieldOptions;
  percent: boolean;
  /** Bars and stacks stand on zero: a scale without it would lie. */
  includesZero: boolean;
}

/** Fields with the same unit, bounds and axis options share a scale. */
export function scaleKey(field: Field, options: GraphFieldOptions): string {
  const { min, max, unit } = field.config;
  const { axisPlacement, axisLabel, axisSoftMin, axisSoftMax, axisCenteredZero, scale, stacking } = options;
  const percent = stacking.mode === "percent";
  // An axis that is hidden measures like the one that is shown.
  const side = axisPlacement === "hidden" ? "auto" : axisPlacement;
  return [
    percent ? "percent" : (unit ?? ""),
    percent ? "" : `${min ?? ""}~${max ?? ""}`,
    `${axisSoftMin ?? ""}~${axisSoftMax ?? ""}`,
    side,
    axisLabel,
    axisCenteredZero ? "centered" : "",
    scale.type === "linear" ? "" : `${scale.type}${scale.log}${scale.linearThreshold}`,
  ].join("/");
}

const PADDING = 0.1;

/** The uPlot scale for a set of fields. */
export function uplotScale({ field, options, percent, includesZero }: ScaleSpec): uPlot.Scale {
  const { scale } = options;
  const shape: uPlot.Scale = {
    distr: scale.type === "log" ? 3 : scale.type === "symlog" ? 4 : 1,
    log: scale.type === "log" ? scale.log : 10,
    asinh: scale.linearThreshold,
  };
  const bound = scale.type === "log" ? positive : finite;
  const hardMin = percent ? bound(0) : bound(field.config.min);
  const hardMax = percent ? 1 : bound(field.config.max);
  const range: uPlot.Range.Function = (_u, dataMin, dataMax) => {
    const [low, high] = freeRange(dataMin, dataMax, options, includesZero);
    const min = hardMin ?? low;
    let max = hardMax ?? high;
    if (!(max > min)) {
      max = min + (Math.abs(min) || 1);
    }
    return [min, max];
  };
  return { ...shape, range };
}

const finite = (value: number | null | undefined): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

/** A logarithm begins above zero: uPlot would look for the ticks of any other bound for ever. */
const positive = (value: number | null | undefined): number | undefined => {
  const bound = finite(value);
  return bound !== undefined && bound > 0 ? bound : undefined;
};

/** The range as the data ask for it, before hard bounds. */
function freeRange(
  dataMin: number | null,
  dataMax: number | null,
  options: GraphFieldOptions,
  includesZero: boolean,
): [number, number] {
  const { axisSoftMin, axisSoftMax, axisCenteredZero, scale } = options;
  if (scale.type === "log") {
    return logRange(dataMin, dataMax, options);
  }
  if (dataMin === null || dataMax === null || !Number.isFinite(dataMin) || !Number.isFinite(dataMax)) {
    return [axisSoftMin ?? 0, axisSoftMax ?? 100];
  }
  if (scale.type === "symlog") {
    return pair(
      uPlot.rangeAsinh(Math.min(dataMin, axisSoftMin ?? dataMin), Math.max(dataMax, axisSoftMax ?? dataMax), 10, true),
    );
  }
  const [min, max] = pair(
    uPlot.rangeNum(dataMin, dataMax, {
      min: { pad: PADDING, soft: axisSoftMin ?? 0, mode: axisSoftMin === undefined && !includesZero ? 3 : 1 },
      max: { pad: PADDING, soft: axisSoftMax ?? 0, mode: axisSoftMax === undefined && !includesZero ? 3 : 1 },
    }),
  );
  if (axisCenteredZero) {
    const reach = Math.max(Math.abs(min), Math.abs(max));
    return [-reach, reach];
  }
  return [min, max];
}

/** Whole powers around the data that a logarithm can show. */
function logRange(dataMin: number | null, dataMax: number | null, options: GraphFieldOptions): [number, number] {
  const { axisSoftMin, axisSoftMax, scale } = options;
  const ends = [dataMin, dataMax, axisSoftMin, axisSoftMax].map(positive).filter((end) => end !== undefined);
  if (ends.length === 0) {
    return [1, 100];
  }
  return pair(uPlot.rangeLog(Math.min(...ends), Math.max(...ends), scale.log, true));
}

function pair([min, max]: uPlot.Range.MinMax): [number, number] {
  return [min ?? 0, max ?? 100];
}

/** Ticks of bytes and bits stand at powers of two. */
const BINARY_INCREMENTS = Array.from({ length: 80 }, (_, power) => 2 ** (power - 10));

/** Ticks of durations stand at whole seconds, minutes, hours and days; below a second at 1, 2, 5. */
const DURATION_STEPS_S = [
  ...Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** (power - 12))).flat(),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200],
  ...Array.from({ length: 8 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power * 86_400)).flat(),
];

/** Seconds that one of the unit lasts. */
const DURATIONS_S: Record<string, number> = {
  ns: 1e-9,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  dtdurationms: 1e-3,
  dtdurations: 1,
  dthms: 1,
  dtdhms: 1,
};

export function tickIncrements(unit: string | undefined): number[] | undefined {
  const seconds = unit === undefined || !Object.hasOwn(DURATIONS_S, unit) ? undefined : DURATIONS_S[unit];
  if (seconds !== undefined) {
    // Quotients of powers of ten are written as the number that is meant.
    return DURATION_STEPS_S.map((step) => Number((step / seconds).toPrecision(12)));
  }
  return isBinaryUnit(unit) ? BINARY_INCREMENTS : undefined;
}
