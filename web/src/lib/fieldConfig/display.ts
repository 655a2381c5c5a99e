/** From a value to what is shown: text, unit and colour. */

import {
  colorByName,
  isByValue,
  isContinuous,
  schemeColors,
  schemeRamp,
  seriesModeColor,
  type ThemeName,
} from "../colors";
import { type DisplayProcessor, type DisplayValue, type Field, type FieldConfig, isTrend } from "../dataFrame";
import { toFixed, type ValueFormat, valueFormat } from "../format";
import { reduceBy } from "../reduce";
import { mapValue } from "./mappings";
import { thresholdFor } from "./thresholds";

export interface DisplayContext {
  theme: ThemeName;
  timeZone?: string;
}

/** Distinct values whose text is kept; tables and axes ask for the same ones again and again. */
const MAX_CACHED = 2500;

/** An object as text is cut here: nobody reads more in a cell. */
const MAX_JSON_CHARS = 10_000;

const DATE_UNITS = /^(dateTime|time:)/;

/** The field's own bounds, where they are not set those of its values. */
export function fieldRange(field: Field): { min: number; max: number; delta: number } {
  if (field.type !== "number") {
    return { min: 0, max: 100, delta: 100 };
  }
  const own = field.state?.range;
  const min = field.config.min ?? own?.min ?? (field.values.length ? (reduceBy(field, "min") as number | null) : 0);
  const max = field.config.max ?? own?.max ?? (field.values.length ? (reduceBy(field, "max") as number | null) : 100);
  const [low, high] = [Number(min ?? 0), Number(max ?? 0)];
  return { min: low, max: high, delta: high - low };
}

export interface Scaled {
  color: string;
  percent: number;
}

/** The colour of a value under the field's colour mode. */
export function colorScale(field: Field, theme: ThemeName): (value: number) => Scaled {
  const mode = field.config.color?.mode;
  if (field.type === "boolean") {
    const colors = isContinuous(mode) ? schemeColors(mode ?? "", theme) : [];
    const truth = { color: colors[colors.length - 1] ?? colorByName("green", theme), percent: 1 };
    const lie = { color: colors[0] ?? colorByName("red", theme), percent: 0 };
    return (value) => (value && value > 0 ? truth : lie);
  }
  const range = fieldRange(field);
  const percentOf = (value: number) => {
    const percent = value === Number.NEGATIVE_INFINITY ? 0 : (value - range.min) / range.delta;
    return Number.isNaN(percent) ? 0 : percent;
  };
  if (!isByValue(mode)) {
    const color = seriesColor(field, theme);
    return (value) => ({ color, percent: percentOf(value) });
  }
  if (isContinuous(mode)) {
    const ramp = schemeRamp(mode ?? "", theme);
    return (value) => {
      const percent = percentOf(value);
      return { color: ramp(percent), percent };
    };
  }
  return (value) => {
    const percent = percentOf(value);
    return { color: colorByName(thresholdFor(field.config.thresholds, value, percent).color, theme), percent };
  };
}

/** The one colour of a whole series; in modes by value that of its last (or lowest, highest) value. */
export function seriesColor(field: Field, theme: ThemeName): string {
  const color = field.config.color ?? {};
  if (!isByValue(color.mode)) {
    const series = { index: field.state?.seriesIndex ?? 0, name: field.state?.displayName ?? field.name };
    return seriesModeColor(color, series, theme);
  }
  const value = reduceBy(field, color.seriesBy ?? "last");
  return colorScale(field, theme)(typeof value === "number" ? value : 0).color;
}

/** The unit that is in force: dates for times, truths for truths. */
function effectiveUnit(field: Field): string | undefined {
  const { unit } = field.config;
  if (field.type === "time") {
    return unit && DATE_UNITS.test(unit) ? unit : "dateTimeAsSystem";
  }
  if (field.type === "boolean") {
    return unit?.startsWith("bool") ? unit : "bool";
  }
  return unit || (field.type === "string" ? "string" : undefined);
}

function spansLessThanAMinute(field: Field): boolean {
  const [first, last] = [field.values[0], field.values[field.values.length - 1]];
  return field.values.length > 1 && Math.abs(Number(last) - Number(first)) < 60_000;
}

export function numberOf(value: unknown): number {
  if (typeof value === "number") {
    return value;
  }
  if (typeof value === "boolean") {
    return value ? 1 : 0;
  }
  return value === "" || value === null || value === undefined || typeof value === "object"
    ? Number.NaN
    : Number(value);
}

/** Builds the field's display function. */
export function displayProcessor(field: Field, context: DisplayContext): DisplayProcessor {
  const unit = effectiveUnit(field);
  const scale = colorScale(field, context.theme);
  const format = formatter(field, unit, context);
  const cache = unit === "dateTimeFromNow" ? undefined : new Map<unknown, DisplayValue>();
  const isDate = unit !== undefined && DATE_UNITS.test(unit);
  const show: DisplayProcessor = (given, adjacentDecimals) => {
    // A series in a cell is shown as the value that speaks for it.
    const raw = isTrend(given) ? given.value : given;
    const value = isDate && typeof raw === "string" ? Date.parse(raw) : raw;
    const mapped = field.config.mappings?.length ? mapValue(field.config.mappings, value) : undefined;
    const numeric = unit === "string" ? Number.NaN : numberOf(value);
    const shown: DisplayValue = { text: mapped?.text ?? "", numeric, color: mapped?.color ?? "" };
    if (shown.color !== "") {
      shown.color = colorByName(shown.color, context.theme);
    }
    if (!Number.isNaN(numeric)) {
      if (mapped?.text === undefined && (typeof value !== "boolean" || unit?.startsWith("bool"))) {
        Object.assign(shown, format(numeric, adjacentDecimals));
      }
      const scaled = scale(numeric);
      shown.color ||= scaled.color;
      shown.percent = scaled.percent;
    } else if (mapped?.text === undefined) {
      shown.text = looseText(value) || field.config.noValue || "";
    }
    shown.color ||= scale(Number.NEGATIVE_INFINITY).color;
    return shown;
  };
  return cache === undefined ? show : cached(show, cache);
}

function cached(show: DisplayProcessor, cache: Map<unknown, DisplayValue>): DisplayProcessor {
  return (value, adjacentDecimals) => {
    if (adjacentDecimals !== undefined) {
      return show(value, adjacentDecimals);
    }
    let shown = cache.get(value);
    if (shown === undefined) {
      shown = show(value);
      if (cache.size < MAX_CACHED) {
        cache.set(value, shown);
      }
    }
    return { ...shown };
  };
}

function looseText(value: unknown): string {
  if (value === null || value === undefined) {
    return "";
  }
  if (Array.isArray(value)) {
    return value.join(", ");
  }
  return typeof value === "object" ? JSON.stringify(value).slice(0, MAX_JSON_CHARS) : String(value);
}

type NumberText = (value: number, adjacentDecimals?: number) => { text: string; prefix?: string; suffix?: string };

function formatter(field: Field, unit: string | undefined, context: DisplayContext): NumberText {
  const { config } = field;
  const scaling = valueFormat(unit || "none");
  const format = config.unitScale === false && field.type === "number" ? unscaled(unit, scaling) : scaling;
  const formatContext = {
    timeZone: context.timeZone,
    showMs: field.type === "time" && spansLessThanAMinute(field),
  };
  const trims = trimsZeros(field, unit, config);
  return (value, adjacentDecimals) => {
    if (!trims || adjacentDecimals === undefined) {
      return format(value, config.decimals, formatContext);
    }
    const shown = format(value, adjacentDecimals, formatContext);
    const plain = Number(shown.text);
    return Number.isNaN(plain) ? shown : { ...shown, text: `${plain}` };
  };
}

/** Units whose text is no number with a suffix. */
const NEVER_UNSCALED = /^(dateTime|time:|dt|clock|bool|percent|hex|sci$|locale$|string$)/;

/** The number in full with the unit as it stands at one: 1500000 B instead of 1.43 MiB. */
function unscaled(unit: string | undefined, scaling: ValueFormat): ValueFormat {
  if (unit === undefined || NEVER_UNSCALED.test(unit)) {
    return scaling;
  }
  const { prefix, suffix } = scaling(1, 0);
  return (value, decimals) => (value === null ? { text: "" } : { text: toFixed(value, decimals), prefix, suffix });
}

/** Ticks of an axis drop zeros that say nothing. */
function trimsZeros(field: Field, unit: string | undefined, config: FieldConfig): boolean {
  const fixedForm = unit !== undefined && /^(dateTime|time:|currency|bool|locale$)/.test(unit);
  return field.type === "number" && (config.decimals === undefined || config.decimals === null) && !fixedForm;
}
