/** From frames to rows of states: each a stretch of time with a value. */

import { colorByName, type ThemeName, withAlpha } from "../../lib/colors";
import type { DataFrame, Field } from "../../lib/dataFrame";
import { timeFieldOf } from "../../lib/dataFrame";
import { colorScale, fieldDisplayName } from "../../lib/fieldConfig";
import { absoluteSteps } from "../../lib/fieldConfig/thresholds";
import { formattedText, formatValue } from "../../lib/format";
import type { LegendItem } from "../legend/items";
import type { TimelineOptions } from "./options";

export interface TimelineState {
  fromMs: number;
  toMs: number;
  /** Row within the field. */
  row: number;
  text: string;
  color: string;
}

export interface TimelineRow {
  id: string;
  label: string;
  field: Field;
  frame: DataFrame;
  states: TimelineState[];
  lineWidth: number;
  fillOpacity: number;
}

/** States of one row; a series that changes more often cannot be read anyway. */
const MAX_STATES = 20_000;
const MAX_ROWS = 500;

const record = (value: unknown) =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Every column beside a time is a row. The last state lasts to the end of the range. */
export function timelineRows(frames: readonly DataFrame[], options: TimelineOptions, endMs: number): TimelineRow[] {
  return frames
    .flatMap((frame) => {
      const time = timeFieldOf(frame);
      const fields = time ? frame.fields.filter((field) => field.type !== "time" && !isHidden(field)) : [];
      return fields.map((field): TimelineRow => {
        const custom = record(field.config.custom);
        const label = fieldDisplayName(field, frame, frames);
        return {
          id: `${frame.refId ?? ""}/${label}`,
          label,
          field,
          frame,
          states: statesOf(time as Field, field, options, endMs),
          lineWidth: typeof custom.lineWidth === "number" ? Math.min(10, Math.max(0, custom.lineWidth)) : 0,
          fillOpacity:
            typeof custom.fillOpacity === "number" ? Math.min(100, Math.max(0, custom.fillOpacity)) / 100 : 0.7,
        };
      });
    })
    .slice(0, MAX_ROWS);
}

function isHidden(field: Field): boolean {
  return record(record(field.config.custom).hideFrom).viz === true;
}

function statesOf(time: Field, field: Field, options: TimelineOptions, endMs: number): TimelineState[] {
  const step = field.config.interval ?? smallestStep(time);
  const states: TimelineState[] = [];
  const spans = record(field.config.custom).spanNulls;
  const insertNulls = record(field.config.custom).insertNulls;
  const limit = typeof insertNulls === "number" && insertNulls > 0 ? insertNulls : undefined;
  for (let row = 0; row < time.values.length && states.length < MAX_STATES; row++) {
    const value = field.values[row];
    const fromMs = Number(time.values[row]);
    const last = states[states.length - 1];
    if (value === null || value === undefined || Number.isNaN(value)) {
      // A missing value ends the state, unless gaps of its length are bridged.
      if (last && !options.discrete && spans !== true && !(typeof spans === "number" && fromMs - last.toMs < spans)) {
        last.toMs = Math.min(last.toMs, fromMs);
      }
      continue;
    }
    const shown = field.display?.(value) ?? { text: String(value), numeric: Number.NaN, color: "#808080" };
    const text = formattedText(shown);
    if (options.discrete) {
      states.push({ fromMs: fromMs - step / 2, toMs: fromMs + step / 2, row, text, color: shown.color });
      continue;
    }
    const reaches = last !== undefined && last.toMs >= fromMs - 1;
    if (last && reaches && options.mergeValues && last.text === text && last.color === shown.color) {
      last.toMs = endOf(fromMs, limit, endMs, time, row);
    } else {
      states.push({ fromMs, toMs: endOf(fromMs, limit, endMs, time, row), row, text, color: shown.color });
    }
  }
  return bridged(states, spans, options);
}

/** A state lasts to the next point, or as long as values may be apart. */
function endOf(fromMs: number, limit: number | undefined, endMs: number, time: Field, row: number): number {
  const next = row + 1 < time.values.length ? Number(time.values[row + 1]) : Math.max(endMs, fromMs);
  return limit === undefined ? next : Math.min(next, fromMs + limit);
}

/** Gaps that are to be spanned are filled with the state before them. */
function bridged(states: TimelineState[], spans: unknown, { mergeValues, discrete }: TimelineOptions): TimelineState[] {
  if (discrete || (spans !== true && typeof spans !== "number")) {
    return states;
  }
  const result: TimelineState[] = [];
  for (const state of states) {
    const last = result[result.length - 1];
    const gap = last ? state.fromMs - last.toMs : 0;
    if (last && gap > 0 && (spans === true || gap <= Number(spans))) {
      last.toMs = state.fromMs;
    }
    if (last && mergeValues && last.toMs === state.fromMs && last.text === state.text && last.color === state.color) {
      last.toMs = state.toMs;
    } else {
      result.push(state);
    }
  }
  return result;
}

function smallestStep({ values }: Field): number {
  let step = Number.POSITIVE_INFINITY;
  for (let row = 1; row < values.length; row++) {
    const gap = Number(values[row]) - Number(values[row - 1]);
    step = gap > 0 ? Math.min(step, gap) : step;
  }
  return Number.isFinite(step) ? step : 60_000;
}

/** What the legend lists: thresholds, or the texts that occur with their colours. */
export function timelineLegend(rows: readonly TimelineRow[], theme: ThemeName): LegendItem[] {
  const entry = (label: string, color: string): LegendItem => ({
    id: `${label} ${color}`,
    label,
    color,
    visible: true,
    calcs: [],
  });
  const [first] = rows;
  const mode = first?.field.config.color?.mode;
  const hasMappings = first?.field.config.mappings?.length;
  const steps = first?.field.config.thresholds?.steps ?? [];
  if (first && mode === "thresholds" && !hasMappings && steps.length > 1 && first.field.type === "number") {
    const range = first.field.state?.range;
    const bounds = absoluteSteps(first.field, range?.min ?? 0, range?.max ?? 100);
    const text = (value: number) => formatValue(value, first.field.config.unit, first.field.config.decimals);
    return bounds.map(({ value, color }, index) => {
      const next = bounds[index + 1];
      const label =
        index === 0 ? `< ${text(next?.value ?? 0)}` : next ? `${text(value)} – ${text(next.value)}` : `${text(value)}+`;
      return entry(label, colorByName(color, theme));
    });
  }
  if (first && mode?.startsWith("continuous") && !hasMappings) {
    const scale = colorScale(first.field, theme);
    const range = first.field.state?.range;
    const ends = [range?.min ?? 0, range?.max ?? 100];
    return ends.map((value) => entry(formatValue(value, first.field.config.unit), scale(value).color));
  }
  const seen = new Map<string, LegendItem>();
  for (const { states } of rows) {
    for (const { text, color } of states) {
      if (seen.size < 40 && text !== "") {
        seen.set(`${text} ${color}`, entry(text, color));
      }
    }
  }
  return [...seen.values()];
}

export const stateFill = (row: TimelineRow, state: TimelineState) => withAlpha(state.color, row.fillOpacity);

/** The state of a row at a time; undefined between states. */
export function stateAt({ states }: TimelineRow, time: number): TimelineState | undefined {
  let [low, high] = [0, states.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((states[middle]?.fromMs ?? 0) <= time) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const state = states[low];
  return state && time >= state.fromMs && time < state.toMs ? state : undefined;
}
