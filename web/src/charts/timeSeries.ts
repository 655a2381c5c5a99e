/** From frames to a time series chart: aligned data, stacked values and uPlot's options. */

import uPlot from "uplot";
import type { ThemeName } from "../lib/colors";
import type { DataFrame, Field } from "../lib/dataFrame";
import { fieldDisplayName, seriesColor } from "../lib/fieldConfig";
import { type AlignedSeries, alignSeries, bridgeGaps } from "./align";
import { numberAxis, timeAxis, valueAxis } from "./axes";
import { type DrawnExemplar, drawExemplars } from "./exemplars";
import { type GraphFieldOptions, graphFieldOptions } from "./fieldOptions";
import { type ScaleSpec, scaleKey, uplotScale } from "./scales";
import { bandsOf, uplotSeries } from "./seriesOptions";
import { type Stacked, stackSeries, type Values } from "./stack";
import { drawThresholds } from "./thresholds";
import { token } from "./tokens";
import { drawValueTexts } from "./valueTexts";

/** Above this many series the cursor draws no points: they cost more than they tell. */
const MAX_CURSOR_POINTS = 30;

/** One line, bar or point series of the chart. */
export interface ChartSeries {
  /** Stable over refreshes: what the legend toggles. */
  id: string;
  label: string;
  color: string;
  field: Field;
  frame: DataFrame;
  options: GraphFieldOptions;
  /** As measured, before stacking: what tooltip and legend speak of. */
  values: Values;
  visible: boolean;
}

export interface TimeSeriesChart {
  /** As many as the data have, in their order. */
  series: ChartSeries[];
  data: uPlot.AlignedData;
  options: Omit<uPlot.Options, "width" | "height">;
  /** Equal as long as new data can be put into the existing chart. */
  signature: string;
}

export interface TimeSeriesInput {
  frames: readonly DataFrame[];
  theme: ThemeName;
  timeZone: string;
  /** Hidden by the legend, by id. */
  isHidden: (id: string) => boolean;
  /** Read at each draw, so that a new range needs no new chart. */
  range: () => [number, number];
  /** Nothing but the lines: no axes, no cursor. */
  bare?: boolean;
  /** Zones of further time axes, below the first. */
  moreTimeZones?: readonly string[];
  /** The column that the x axis shows where it is no time. */
  xField?: Field;
  /** Read at each draw. */
  exemplars?: () => readonly DrawnExemplar[];
}

/** Builds everything that drawing needs; nothing is drawn yet. */
export function timeSeriesChart(input: TimeSeriesInput): TimeSeriesChart {
  const { times, series: aligned } = alignSeries(input.frames, input.xField);
  const series = aligned.map((entry) => chartSeries(entry, input));
  const stacked = stackSeries(
    series.map(({ values, options, visible }) => ({
      values,
      mode: visible && options.drawStyle !== "points" ? options.stacking.mode : "none",
      group: options.stacking.group,
    })),
  );
  const specs = scaleSpecs(series);
  const data: Values[] = stacked.map(({ values }, index) => gapsOf(times, values, series[index]?.options));
  return {
    series,
    data: [times, ...data] as uPlot.AlignedData,
    options: chartOptions(input, series, stacked, specs),
    signature: signatureOf(input, series, specs),
  };
}

function chartSeries({ field, frame, values }: AlignedSeries, input: TimeSeriesInput): ChartSeries {
  const options = graphFieldOptions(field);
  const label = fieldDisplayName(field, frame, input.frames);
  const id = `${frame.refId ?? ""}/${label}`;
  return {
    id,
    label,
    color: seriesColor(field, input.theme),
    field,
    frame,
    options,
    values: transformed(values, options.transform),
    visible: !options.hideFrom.viz && !input.isHidden(id),
  };
}

function transformed(values: Values, transform: GraphFieldOptions["transform"]): Values {
  if (transform === "negative-Y") {
    return values.map((value) => (typeof value === "number" ? -value : value));
  }
  if (transform === "constant") {
    const first = values.find((value) => typeof value === "number");
    return values.map(() => first);
  }
  return values;
}

function gapsOf(times: readonly number[], values: Values, options: GraphFieldOptions | undefined): Values {
  return typeof options?.spanNulls === "number" ? bridgeGaps(times, values, options.spanNulls) : values;
}

function scaleSpecs(series: readonly ChartSeries[]): ScaleSpec[] {
  const specs = new Map<string, ScaleSpec>();
  for (const { field, options, visible } of series) {
    const key = scaleKey(field, options);
    const known = specs.get(key);
    const includesZero = options.drawStyle === "bars" || options.stacking.mode === "normal";
    if (!known || (known.options.axisPlacement === "hidden" && visible)) {
      const percent = options.stacking.mode === "percent";
      specs.set(key, { key, field, options, percent, includesZero: includesZero || known?.includesZero === true });
    } else if (includesZero) {
      known.includesZero = true;
    }
  }
  return [...specs.values()];
}

function chartOptions(
  input: TimeSeriesInput,
  series: readonly ChartSeries[],
  stacked: readonly Stacked[],
  specs: readonly ScaleSpec[],
): TimeSeriesChart["options"] {
  const scales: uPlot.Scales = { x: { time: input.xField === undefined, range: () => input.range() } };
  for (const spec of specs) {
    scales[spec.key] = uplotScale(spec);
  }
  const bare = input.bare === true;
  return {
    ms: 1,
    padding: bare ? [2, 0, 2, 0] : [8, rightEdge(specs), 0, 4],
    legend: { show: false },
    focus: { alpha: 1 },
    scales,
    axes: bare ? [{ show: false }, { show: false }] : axesOf(input, series, specs),
    series: [{}, ...series.map((entry, index) => uplotSeries(entry, stacked[index] as Stacked, input.theme, bare))],
    bands: bandsOf(series, stacked),
    cursor: bare ? { show: false } : cursorOptions(series),
    hooks: {
      drawClear: [(u) => drawThresholds(u, specs, input.theme, "under")],
      draw: [
        (u) => {
          drawThresholds(u, specs, input.theme, "over");
          drawValueTexts(u, series);
          drawExemplars(u, input.exemplars?.() ?? []);
        },
      ],
    },
    tzDate: tzDate(input.timeZone),
  };
}

/** Half a time label stands out where no axis is. */
function rightEdge(specs: readonly ScaleSpec[]): number {
  const rightAxis = specs.some(
    ({ options }, index) => options.axisPlacement === "right" || (index > 0 && options.axisPlacement === "auto"),
  );
  return rightAxis ? 4 : 18;
}

/** Ticks fall on whole hours and days of the dashboard's zone. */
function tzDate(timeZone: string): ((time: number) => Date) | undefined {
  const zone = timeZone.toLowerCase() === "utc" ? "Etc/UTC" : timeZone;
  if (zone === "" || zone === "browser") {
    return (time) => new Date(time);
  }
  return (time) => {
    try {
      return uPlot.tzDate(new Date(time), zone);
    } catch {
      return new Date(time);
    }
  };
}

function axesOf(input: TimeSeriesInput, series: readonly ChartSeries[], specs: readonly ScaleSpec[]): uPlot.Axis[] {
  const axes = input.xField
    ? [numberAxis(input.xField)]
    : [timeAxis(input.timeZone), ...(input.moreTimeZones ?? []).map((zone) => timeAxis(zone, zoneLabel(zone)))];
  const below = axes.length;
  let automatic = 0;
  for (const spec of specs) {
    const placement = spec.options.axisPlacement;
    const left = placement === "left" || (placement !== "right" && automatic === 0);
    automatic += 1;
    const first = series.find(({ field }) => field === spec.field);
    const color = spec.options.axisColorFromSeries ? first?.color : undefined;
    axes.push(valueAxis(spec, left ? 3 : 1, axes.length === below, color));
  }
  return axes;
}

const zoneLabel = (zone: string) => (zone === "browser" ? "local time" : zone.toLowerCase() === "utc" ? "UTC" : zone);

function cursorOptions(series: readonly ChartSeries[]): uPlot.Cursor {
  const visible = series.filter((entry) => entry.visible).length;
  return {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 6 },
    points: {
      // Anything but false keeps the function that makes the points.
      ...(visible > MAX_CURSOR_POINTS ? { show: false } : {}),
      size: () => 8,
      width: () => 2,
      stroke: () => token("--bg-surface"),
      fill: (_u, index) => series[index - 1]?.color ?? "transparent",
    },
  };
}

function signatureOf(input: TimeSeriesInput, series: readonly ChartSeries[], specs: readonly ScaleSpec[]): string {
  const parts = series.map(({ id, color, options, visible, field }) => [
    id,
    color,
    visible,
    options,
    scaleKey(field, options),
  ]);
  const stacks = series.some(({ options }) => options.stacking.mode !== "none" || options.gradientMode === "scheme");
  const thresholds = specs.map(({ field, key }) => [
    key,
    field.config.thresholds,
    field.config.decimals,
    field.config.mappings,
  ]);
  // Stacked bars and value colours hold on to their data: those charts are always made anew.
  const unique = stacks ? series.map(({ values }) => identity(values)) : [];
  const axes = [input.theme, input.timeZone, input.moreTimeZones, input.bare, input.xField?.config];
  return JSON.stringify([axes, parts, thresholds, unique]);
}

let identities = 0;
const identityOf = new WeakMap<object, number>();

/** A number that no other object has. */
export function identity(values: object): number {
  let known = identityOf.get(values);
  if (known === undefined) {
    identities += 1;
    known = identities;
    identityOf.set(values, known);
  }
  return known;
}
