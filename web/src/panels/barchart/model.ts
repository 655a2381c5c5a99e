/** From frames to categories with their bars. */

import { type GraphFieldOptions, graphFieldOptions } from "../../charts/fieldOptions";
import { stackSeries } from "../../charts/stack";
import type { ThemeName } from "../../lib/colors";
import { type DataFrame, type Field, frameOf } from "../../lib/dataFrame";
import { fieldDisplayName, seriesColor } from "../../lib/fieldConfig";
import { formattedText } from "../../lib/format";
import { joinFrames } from "../../transformations/joinByField";
import type { BarChartOptions } from "./options";

export interface BarSeries {
  id: string;
  label: string;
  color: string;
  field: Field;
  options: GraphFieldOptions;
  visible: boolean;
  values: (number | null | undefined)[];
  /** Where its bars begin and end on the value axis; percent stacks count to 1. */
  from: (number | null | undefined)[];
  to: (number | null | undefined)[];
}

export interface BarModel {
  frame: DataFrame;
  xField: Field;
  categories: string[];
  series: BarSeries[];
  /** Colour of a whole category, where a column gives it. */
  colors: (string | undefined)[];
  range: [min: number, max: number];
}

/** Categories shown; the rest is left out and said. */
export const MAX_CATEGORIES = 2000;

export type BarData = { model: BarModel; problem?: undefined } | { model?: undefined; problem: string };

export function barModel(
  frames: readonly DataFrame[],
  options: BarChartOptions,
  context: { theme: ThemeName; isHidden: (id: string) => boolean },
): BarData {
  const frame = oneFrame(frames);
  if (!frame) {
    return { problem: "No data" };
  }
  const named = (name: string) => (field: Field) =>
    field.name === name || fieldDisplayName(field, frame, frames) === name;
  const xField = options.xField
    ? frame.fields.find(named(options.xField))
    : (frame.fields.find(({ type }) => type === "string") ?? frame.fields.find(({ type }) => type === "time"));
  const values = frame.fields.filter((field) => field.type === "number" && field !== xField);
  if (!xField || values.length === 0) {
    return { problem: "A bar chart needs a column of names or times and one of numbers." };
  }
  const rows = Math.min(frame.length, MAX_CATEGORIES);
  const colorField = options.colorByField ? frame.fields.find(named(options.colorByField)) : undefined;
  const series = seriesOf(frame, frames, values, { ...context, rows, stacking: options.stacking });
  return {
    model: {
      frame,
      xField,
      categories: Array.from({ length: rows }, (_, row) => categoryText(xField, row)),
      series,
      colors: Array.from({ length: rows }, (_, row) => colorField?.display?.(colorField.values[row]).color),
      range: rangeOf(series, options.stacking === "percent"),
    },
  };
}

/** Series over the same times stand side by side; instant values are categories named by their series. */
function oneFrame(frames: readonly DataFrame[]): DataFrame | undefined {
  const [first] = frames;
  if (first === undefined || frames.length === 1) {
    return first && instantTable(frames) ? instantTable(frames) : first;
  }
  const instant = instantTable(frames);
  if (instant) {
    return instant;
  }
  const time = first.fields.find(({ type }) => type === "time");
  const joinable =
    time && frames.every((frame) => frame.fields.some(({ type, name }) => type === "time" && name === time.name));
  return joinable ? joinFrames([...frames], time.name, "outer") : first;
}

/** One value a series: a category each, in one colour. */
function instantTable(frames: readonly DataFrame[]): DataFrame | undefined {
  const single = frames.every(
    (frame) =>
      frame.length === 1 &&
      frame.fields.length === 2 &&
      frame.fields[0]?.type === "time" &&
      frame.fields[1]?.type === "number",
  );
  const value = frames[0]?.fields[1];
  if (!single || !value || frames.length < 2) {
    return undefined;
  }
  const names = frames.map((frame) => fieldDisplayName(frame.fields[1] as Field, frame, frames));
  const numbers: Field = {
    ...value,
    name: "Value",
    labels: undefined,
    state: { ...value.state, displayName: "Value" },
    values: frames.map((frame) => frame.fields[1]?.values[0]),
  };
  return frameOf([{ name: "Name", type: "string", config: {}, values: names }, numbers], { refId: frames[0]?.refId });
}

const categoryText = (field: Field, row: number) =>
  field.display ? formattedText(field.display(field.values[row])) : String(field.values[row] ?? "");

function seriesOf(
  frame: DataFrame,
  frames: readonly DataFrame[],
  fields: readonly Field[],
  context: { theme: ThemeName; isHidden: (id: string) => boolean; rows: number; stacking: BarChartOptions["stacking"] },
): BarSeries[] {
  const drafts = fields.map((field) => {
    const label = fieldDisplayName(field, frame, frames);
    const id = `${frame.refId ?? ""}/${label}`;
    const options = graphFieldOptions(field);
    const visible = !options.hideFrom.viz && !context.isHidden(id);
    const values = field.values.slice(0, context.rows) as (number | null)[];
    return { id, label, color: seriesColor(field, context.theme), field, options, visible, values };
  });
  const stacked = stackSeries(
    drafts.map(({ values, visible }) => ({
      values: visible ? values : values.map(() => null),
      mode: context.stacking,
      group: "A",
    })),
  );
  return drafts.map((draft, index) => {
    const { values: to = draft.values, base } = stacked[index] ?? {};
    return { ...draft, from: draft.values.map((_, row) => base?.[row] ?? 0), to };
  });
}

function rangeOf(series: readonly BarSeries[], percent: boolean): [number, number] {
  if (percent) {
    return [0, 1];
  }
  let [low, high] = [0, 0];
  for (const { visible, to } of series) {
    for (const value of visible ? to : []) {
      if (typeof value === "number" && Number.isFinite(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  return [low, high];
}
