/** Buckets that came counted: native histograms, tables with bounds, series named by their upper bound. */

import { type DataFrame, type Field, frameOf } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { reduceBy } from "../../lib/reduce";
import { boundOf } from "../heatmap/model";

/** Columns xMin, xMax and counts; undefined where the frames hold plain numbers. */
export function bucketTable(frames: readonly DataFrame[]): DataFrame | undefined {
  const cells = frames.filter((frame) => frame.meta?.kind === "heatmap-cells");
  if (cells.length > 0) {
    return summedCells(cells);
  }
  const bounds = frames.find((frame) => frame.fields.some(({ name }) => /^(xMin|BucketMin)$/.test(name)));
  if (bounds) {
    const find = (pattern: RegExp) => bounds.fields.find(({ name }) => pattern.test(name));
    const [xMin, xMax] = [find(/^(xMin|BucketMin)$/), find(/^(xMax|BucketMax)$/)];
    const counts = bounds.fields.filter((field) => field.type === "number" && field !== xMin && field !== xMax);
    return xMin && xMax ? frameOf([xMin, xMax, ...counts]) : undefined;
  }
  return namedBuckets(frames);
}

function summedCells(frames: readonly DataFrame[]): DataFrame {
  const sums = new Map<string, { low: number; high: number; count: number }>();
  for (const frame of frames) {
    const column = (name: RegExp) => frame.fields.find((field) => name.test(field.name))?.values ?? [];
    const [lows, highs, counts] = [column(/^yMin$/), column(/^yMax$/), column(/^count$/i)];
    lows.forEach((low, row) => {
      const key = `${low},${highs[row]}`;
      const known = sums.get(key) ?? { low: Number(low), high: Number(highs[row]), count: 0 };
      known.count += Number(counts[row] ?? 0);
      sums.set(key, known);
    });
  }
  const rows = [...sums.values()].sort((a, b) => a.low - b.low);
  const given = frames[0]?.fields.find(({ name }) => /^count$/i.test(name)) as Field;
  const { unit, decimals } = given.config;
  return frameOf([
    { name: "xMin", type: "number", config: { unit, decimals }, values: rows.map(({ low }) => low) },
    { name: "xMax", type: "number", config: { unit, decimals }, values: rows.map(({ high }) => high) },
    { ...given, config: { ...given.config, unit: undefined }, values: rows.map(({ count }) => count) },
  ]);
}

/** Series called 0.1, 0.5, +Inf that came apart: their counts over the whole time. */
function namedBuckets(frames: readonly DataFrame[]): DataFrame | undefined {
  const fields = frames.flatMap((frame) =>
    frame.fields
      .filter(({ type }) => type === "number")
      .map((field) => ({ field, bound: boundOf(fieldDisplayName(field, frame, frames)) })),
  );
  if (fields.length < 2 || fields.some(({ bound }) => Number.isNaN(bound))) {
    return undefined;
  }
  fields.sort((a, b) => a.bound - b.bound);
  const [first] = fields as [{ field: Field; bound: number }];
  const bounds = fields.map(({ bound }) => bound);
  const config = { unit: undefined };
  return frameOf([
    {
      name: "xMin",
      type: "number",
      config,
      values: bounds.map((_, row) => (row === 0 ? Math.min(0, bounds[0] ?? 0) : (bounds[row - 1] ?? 0))),
    },
    { name: "xMax", type: "number", config, values: bounds },
    {
      ...first.field,
      labels: undefined,
      config: { ...first.field.config, displayName: "Count", displayNameFromDS: undefined },
      state: { ...first.field.state, displayName: "Count" },
      values: fields.map(({ field }) => Number(reduceBy(field, "sum") ?? 0)),
    },
  ]);
}
