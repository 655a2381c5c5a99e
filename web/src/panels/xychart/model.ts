/** From frames to series of points over a column of numbers. */

import type { ThemeName } from "../../lib/colors";
import { colorByName } from "../../lib/colors";
import type { DataFrame, Field } from "../../lib/dataFrame";
import { colorScale, fieldDisplayName, seriesColor } from "../../lib/fieldConfig";
import { fieldMatcher } from "../../lib/fieldConfig/matchers";
import { oneOf } from "../options";
import type { PanelModel } from "../types";

export interface XySeries {
  id: string;
  label: string;
  color: string;
  frame: DataFrame;
  x: Field;
  y: Field;
  sizeField: Field | undefined;
  colorField: Field | undefined;
  /** Rows whose x and y are numbers. */
  rows: number[];
  show: "points" | "lines" | "points+lines";
  shape: "circle" | "square";
  lineWidth: number;
  dash: number[];
  fillOpacity: number;
  strokeWidth: number;
  sizeOf: (row: number) => number;
  colorOf: (row: number) => string;
}

/** Points of one chart; the rest is left out. */
const MAX_POINTS = 200_000;
const MAX_SERIES = 200;

type Json = Record<string, unknown>;
const record = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});

/** All series that the mapping asks for; automatic: the first number is x, every other one a y. */
export function xySeries(panel: PanelModel, frames: readonly DataFrame[], theme: ThemeName): XySeries[] {
  const given = panel.options?.series;
  const manual = panel.options?.mapping === "manual" || panel.options?.seriesMapping === "manual";
  const configs = Array.isArray(given) && given.length > 0 ? given.map(record) : [{}];
  const drafts = manual
    ? configs.flatMap((config) => mapped(config, frames, false))
    : mapped(configs[0] ?? {}, frames, true);
  let points = 0;
  return drafts.slice(0, MAX_SERIES).flatMap((draft) => {
    const series = finished(draft, frames, theme, MAX_POINTS - points);
    points += series.rows.length;
    return series.rows.length > 0 ? [series] : [];
  });
}

interface Draft {
  frame: DataFrame;
  x: Field;
  y: Field;
  sizeField: Field | undefined;
  colorField: Field | undefined;
  name: string | undefined;
}

function mapped(config: Json, frames: readonly DataFrame[], auto: boolean): Draft[] {
  return frames.flatMap((frame, index) => {
    if (!meansFrame(config.frame, frame, index)) {
      return [];
    }
    const chosen = (key: string) => matching(config[key], frame, frames)[0];
    const numbers = frame.fields.filter(({ type }) => type === "number");
    const times = frame.fields.filter(({ type }) => type === "time");
    const x = chosen("x") ?? (numbers.length > 1 ? numbers[0] : times[0]);
    const [sizeField, colorField] = [chosen("size"), chosen("color")];
    const wanted = matching(config.y, frame, frames);
    const others = numbers.filter((field) => field !== x && field !== sizeField && field !== colorField);
    const ys = wanted.length > 0 ? wanted : auto ? others : others.slice(0, 1);
    const fixed = record(config.name).fixed;
    const name = typeof fixed === "string" && fixed !== "" ? fixed : undefined;
    return x ? ys.filter((y) => y !== x && !hidden(y)).map((y) => ({ frame, x, y, sizeField, colorField, name })) : [];
  });
}

const hidden = (field: Field) => record(record(field.config.custom).hideFrom).viz === true;

function matching(given: unknown, frame: DataFrame, frames: readonly DataFrame[]): Field[] {
  const { matcher, field } = record(given) as { matcher?: { id?: string; options?: unknown }; field?: unknown };
  const { id, options } = matcher ?? (typeof field === "string" ? { id: "byName", options: field } : {});
  const matches = id ? fieldMatcher(id, options) : undefined;
  return matches ? frame.fields.filter((candidate) => matches(candidate, frame, frames)) : [];
}

function meansFrame(given: unknown, frame: DataFrame, index: number): boolean {
  const matcher = record(record(given).matcher);
  switch (matcher.id) {
    case "byIndex":
      return Number(matcher.options) === index;
    case "byRefId":
      return matcher.options === frame.refId;
    case "byName":
      return matcher.options === frame.name;
    default:
      return true;
  }
}

const number = (value: unknown, fallback: number, max: number): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(max, Math.max(0, value)) : fallback;

function finished(draft: Draft, frames: readonly DataFrame[], theme: ThemeName, room: number): XySeries {
  const { frame, x, y, sizeField, colorField } = draft;
  const custom = record(y.config.custom);
  const label = draft.name ?? fieldDisplayName(y, frame, frames);
  const color = seriesColor(y, theme);
  const rows: number[] = [];
  for (let row = 0; row < frame.length && rows.length < room; row++) {
    if (Number.isFinite(x.values[row]) && Number.isFinite(y.values[row])) {
      rows.push(row);
    }
  }
  const dash = record(custom.lineStyle);
  return {
    id: `${frame.refId ?? ""}/${label}`,
    label,
    color,
    frame,
    x,
    y,
    sizeField,
    colorField,
    rows,
    show: oneOf(custom.show, ["points", "lines", "points+lines"], "points"),
    shape: oneOf(custom.pointShape, ["circle", "square"], "circle"),
    lineWidth: number(custom.lineWidth, 1, 20),
    dash:
      dash.fill === "dash" && Array.isArray(dash.dash) ? dash.dash.map(Number) : dash.fill === "dash" ? [10, 10] : [],
    fillOpacity: number(custom.fillOpacity, 50, 100) / 100,
    strokeWidth: number(custom.pointStrokeWidth, 1, 20),
    sizeOf: sizes(custom, sizeField),
    colorOf: colors(y, colorField, color, theme),
  };
}

function sizes(custom: Json, field: Field | undefined): (row: number) => number {
  const size = record(custom.pointSize);
  const fixed = number(typeof custom.pointSize === "number" ? custom.pointSize : size.fixed, 5, 200);
  if (!field) {
    return () => fixed;
  }
  const [smallest, largest] = [number(size.min, 5, 200), number(size.max, 50, 200)];
  const values = (field.values as unknown[]).filter((value): value is number => Number.isFinite(value));
  const [low, high] = [
    values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  ];
  // Areas are what the eye compares.
  const area = (px: number) => px * px;
  return (row) => {
    const value = Number(field.values[row]);
    const share = high > low && Number.isFinite(value) ? (value - low) / (high - low) : 0;
    return Math.sqrt(area(smallest) + share * (area(largest) - area(smallest)));
  };
}

function colors(y: Field, field: Field | undefined, plain: string, theme: ThemeName): (row: number) => string {
  const source = field ?? y;
  const mode = source.config.color?.mode ?? "";
  const byValue = mode === "thresholds" || mode.startsWith("continuous") || source.config.mappings?.length;
  if (field && field.type === "string") {
    return (row) => field.display?.(field.values[row]).color ?? plain;
  }
  if (!byValue) {
    return () => colorByName(plain, theme);
  }
  const scale = colorScale(source, theme);
  return (row) => source.display?.(source.values[row]).color || scale(Number(source.values[row])).color;
}
