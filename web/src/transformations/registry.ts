/** Every transformation by its id, and running a panel's list of them. */

import type { DataFrame } from "../lib/dataFrame";
import { calculateField } from "./calculateField";
import { concatenate } from "./concatenate";
import { configFromData } from "./configFromData";
import { convertFieldType } from "./convertFieldType";
import { extractFields } from "./extractFields";
import { ensureColumns, filterFields, filterFrames, order, rename } from "./fields";
import { filterByRefId, refIdMatcher } from "./filterByRefId";
import { filterByValue } from "./filterByValue";
import { filterFieldsByName } from "./filterFieldsByName";
import { formatString } from "./formatString";
import { formatTime } from "./formatTime";
import { groupBy } from "./groupBy";
import { groupingToMatrix } from "./groupingToMatrix";
import { groupToNestedTable } from "./groupToNestedTable";
import { heatmap } from "./heatmap";
import { histogram } from "./histogram";
import { joinByField } from "./joinByField";
import { joinByLabels } from "./joinByLabels";
import { labelsToFields } from "./labelsToFields";
import { limit } from "./limit";
import { merge } from "./merge";
import { organize } from "./organize";
import { partitionByValues } from "./partitionByValues";
import { prepareTimeSeries } from "./prepareTimeSeries";
import { reduce } from "./reduce";
import { regression } from "./regression";
import { renameByRegex } from "./renameByRegex";
import { rowsToFields } from "./rowsToFields";
import { seriesToRows } from "./seriesToRows";
import { smoothing } from "./smoothing";
import { sortBy } from "./sortBy";
import { timeSeriesTable } from "./timeSeriesTable";
import { transpose } from "./transpose";
import type { Transform, TransformContext } from "./types";

const TRANSFORMATIONS: Record<string, Transform> = {
  calculateField,
  concatenate,
  configFromData,
  convertFieldType,
  ensureColumns,
  extractFields,
  filterByRefId,
  filterByValue,
  filterFields,
  filterFieldsByName,
  filterFrames,
  formatString,
  formatTime,
  groupBy,
  groupingToMatrix,
  groupToNestedTable,
  heatmap,
  histogram,
  joinByField,
  joinByLabels,
  labelsToFields,
  limit,
  merge,
  noop: (frames) => frames,
  order,
  organize,
  partitionByValues,
  prepareTimeSeries,
  reduce,
  regression,
  rename,
  renameByRegex,
  rowsToFields,
  seriesToColumns: joinByField,
  seriesToRows,
  smoothing,
  sortBy,
  timeSeriesTable,
  transpose,
};

const find = (id: string): Transform | undefined =>
  Object.hasOwn(TRANSFORMATIONS, id) ? TRANSFORMATIONS[id] : undefined;

/** As a panel's model lists it. */
export interface TransformationStep {
  id: string;
  disabled?: boolean;
  options?: Record<string, unknown>;
  filter?: { id: string; options?: unknown };
}

export interface Transformed {
  frames: DataFrame[];
  /** Ids that are not known; the data went past them unchanged. */
  unknown: string[];
}

/** Runs the steps in order. Texts in their options are interpolated. */
export function applyTransformations(
  frames: DataFrame[],
  steps: readonly TransformationStep[] | undefined,
  context: TransformContext & { interpolate?: (text: string) => string } = {},
): Transformed {
  const unknown: string[] = [];
  let current = frames;
  for (const step of steps ?? []) {
    if (step.disabled) {
      continue;
    }
    const transform = find(step.id);
    if (transform === undefined) {
      unknown.push(step.id);
      continue;
    }
    const options = interpolated(step.options ?? {}, context.interpolate) as Record<string, unknown>;
    current = applyStep(current, step, (input) => transform(input, options, context));
  }
  return { frames: current, unknown };
}

/** The steps that data go past unchanged, because nobody here knows them. */
export function unknownTransformations(steps: readonly TransformationStep[] | undefined): string[] {
  const ids = (steps ?? []).filter((step) => !step.disabled && find(step.id) === undefined).map((step) => step.id);
  return [...new Set(ids)];
}

/** Frames that the step's filter does not mean pass by and stay where the first of them stood. */
function applyStep(
  frames: DataFrame[],
  step: TransformationStep,
  run: (frames: DataFrame[]) => DataFrame[],
): DataFrame[] {
  const pattern = step.filter?.options;
  if (step.filter?.id !== "byRefId" || typeof pattern !== "string" || pattern === "") {
    return run(frames);
  }
  const matches = refIdMatcher(pattern);
  const after = [...run(frames.filter(matches))];
  const passing = frames.filter((frame) => !matches(frame));
  const place = frames.findIndex((frame, index) => index > 0 && !matches(frame));
  after.splice(Math.max(0, place), 0, ...passing);
  return after;
}

function interpolated(value: unknown, interpolate: ((text: string) => string) | undefined): unknown {
  if (typeof value === "string") {
    return interpolate && value.includes("$") ? interpolate(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map((entry) => interpolated(entry, interpolate));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, interpolated(entry, interpolate)]));
  }
  return value;
}
