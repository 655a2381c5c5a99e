/** timeSeriesTable: one row a series, its labels as columns and its course in a cell. */

import { type DataFrame, type Field, frameOf, type Trend, timeFieldOf } from "../lib/dataFrame";
import { reduceBy } from "../lib/reduce";
import type { Transform } from "./types";

interface QueryOptions {
  stat?: string;
  timeField?: string;
}

export const timeSeriesTable: Transform = (frames, options) => {
  const byQuery = new Map<string, DataFrame[]>();
  const passing: DataFrame[] = [];
  for (const frame of frames) {
    if (timeFieldOf(frame) && frame.fields.some((field) => field.type === "number")) {
      const refId = frame.refId ?? "";
      byQuery.set(refId, [...(byQuery.get(refId) ?? []), frame]);
    } else {
      passing.push(frame);
    }
  }
  const tables = [...byQuery].map(([refId, series]) => table(refId, series, (options[refId] ?? {}) as QueryOptions));
  return [...tables, ...passing];
};

function table(refId: string, frames: readonly DataFrame[], { stat = "lastNotNull", timeField }: QueryOptions) {
  const series = frames.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === "time" && field.name === timeField) ?? timeFieldOf(frame);
    return frame.fields
      .filter((field) => field.type === "number")
      .map((field) => ({ field, trend: trendOf(frame, time as Field, field, stat) }));
  });
  const labels = [...new Set(series.flatMap(({ field }) => Object.keys(field.labels ?? {})))];
  const columns = labels.map(
    (name): Field => ({
      name,
      type: "string",
      config: {},
      values: series.map(({ field }) => field.labels?.[name] ?? ""),
    }),
  );
  const trend: Field = {
    name: refId ? `Trend #${refId}` : "Trend",
    type: "frame",
    config: {},
    values: series.map((entry) => entry.trend),
  };
  return frameOf([...columns, trend], { refId });
}

function trendOf(frame: DataFrame, time: Field, field: Field, stat: string): Trend {
  const value = reduceBy(field, stat);
  return { ...frame, fields: [time, field], value: typeof value === "number" ? value : null };
}
