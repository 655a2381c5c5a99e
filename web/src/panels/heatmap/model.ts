/** From frames to the cells of a heatmap: buckets named by series, cells that are counted already, or counted here. */

import type { DataFrame, Field } from "../../lib/dataFrame";
import { timeFieldOf } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { heatmapCells } from "../../transformations/heatmap";
import type { HeatmapOptions } from "./options";

export interface HeatmapCells {
  /** Cells in the order of their times; one entry each. */
  x0: number[];
  x1: number[];
  y0: number[];
  y1: number[];
  count: number[];
  /** Rows of named buckets, bottom up; y is then the row's number. */
  rows: HeatmapRow[] | undefined;
  /** The y axis counts powers: buckets grow by a factor. */
  logarithmic: boolean;
  /** Where in the arrays each time begins. */
  columns: { x0: number; x1: number; from: number; to: number }[];
  valueRange: [min: number, max: number];
}

export interface HeatmapRow {
  name: string;
  /** Bounds of the bucket where its name says them. */
  low: number | undefined;
  high: number | undefined;
}

/** More cells than this are not drawn: the rest would cost seconds and show nothing. */
const MAX_CELLS = 400_000;
const MAX_ROWS = 1000;

/** Undefined where the frames have nothing to draw. */
export function heatmapModel(frames: readonly DataFrame[], options: HeatmapOptions): HeatmapCells | undefined {
  const counted = frames.filter((frame) => frame.meta?.kind === "heatmap-cells");
  if (counted.length > 0) {
    return fromCells(counted, options);
  }
  if (options.calculate) {
    const cells = heatmapCells(frames, options.calculation.xBuckets, options.calculation.yBuckets);
    return cells && fromCells([cells], options);
  }
  return fromBuckets(frames, options);
}

type Draft = [x0: number, x1: number, y0: number, y1: number, count: number];

function finished(drafts: Draft[], options: HeatmapOptions, rest: Pick<HeatmapCells, "rows" | "logarithmic">) {
  const { le, ge } = options.filter;
  const shown = drafts.filter(
    ([, , , , n]) => Number.isFinite(n) && !(le !== undefined && n <= le) && !(ge !== undefined && n >= ge),
  );
  if (drafts.length === 0) {
    return undefined;
  }
  shown.sort((a, b) => a[0] - b[0] || a[2] - b[2]);
  const model: HeatmapCells = { x0: [], x1: [], y0: [], y1: [], count: [], columns: [], valueRange: [0, 1], ...rest };
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [x0, x1, y0, y1, count] of shown.slice(0, MAX_CELLS)) {
    const at = model.x0.length;
    const last = model.columns[model.columns.length - 1];
    if (last?.x0 === x0) {
      last.to = at + 1;
    } else {
      model.columns.push({ x0, x1, from: at, to: at + 1 });
    }
    model.x0.push(x0);
    model.x1.push(x1);
    model.y0.push(y0);
    model.y1.push(y1);
    model.count.push(count);
    min = Math.min(min, count);
    max = Math.max(max, count);
  }
  const { color } = options;
  model.valueRange = [color.min ?? (Number.isFinite(min) ? min : 0), color.max ?? (Number.isFinite(max) ? max : 1)];
  return model;
}

const COLUMN_NAMES = {
  xMin: /^xMin$/i,
  xMax: /^xMax$/i,
  yMin: /^yMin$/i,
  yMax: /^yMax$/i,
  count: /^count$/i,
};

/** Cells of all frames; equal cells of several series are added up. */
function fromCells(frames: readonly DataFrame[], options: HeatmapOptions): HeatmapCells | undefined {
  const sums = new Map<string, Draft>();
  for (const frame of frames) {
    const column = (key: keyof typeof COLUMN_NAMES) => frame.fields.find(({ name }) => COLUMN_NAMES[key].test(name));
    const [yMin, yMax, count] = [column("yMin"), column("yMax"), column("count")];
    const [xMin, xMax] = [column("xMin"), column("xMax") ?? timeFieldOf(frame)];
    if (!yMin || !yMax || !count || !(xMin || xMax)) {
      continue;
    }
    const step = frame.fields.find(({ config }) => config.interval)?.config.interval ?? stepOf((xMax ?? xMin) as Field);
    for (let row = 0; row < frame.length && sums.size < MAX_CELLS; row++) {
      const x1 = Number(xMax?.values[row] ?? Number(xMin?.values[row]) + step);
      const x0 = Number(xMin?.values[row] ?? x1 - step);
      const [y0, y1] = [Number(yMin.values[row]), Number(yMax.values[row])];
      const key = `${x0},${y0},${y1}`;
      const known = sums.get(key);
      if (known) {
        known[4] += Number(count.values[row]);
      } else if ([x0, x1, y0, y1].every(Number.isFinite)) {
        sums.set(key, [x0, x1, y0, y1, Number(count.values[row])]);
      }
    }
  }
  const drafts = [...sums.values()];
  return finished(drafts, options, { rows: undefined, logarithmic: growsByFactor(drafts) });
}

/** Buckets whose width follows their height, as in native histograms. */
function growsByFactor(drafts: readonly Draft[]): boolean {
  const above = drafts.filter(([, , y0]) => y0 > 0);
  if (above.length < 2 || above.length < drafts.length / 2) {
    return false;
  }
  const positive = above.slice(0, 200);
  const factors = positive.map(([, , y0, y1]) => y1 / y0);
  const widths = positive.map(([, , y0, y1]) => y1 - y0);
  const spread = (values: readonly number[]) => Math.max(...values) / Math.min(...values);
  return spread(factors) < 1.2 && spread(widths) > 1.2;
}

function stepOf({ values }: Field): number {
  let step = Number.POSITIVE_INFINITY;
  for (let row = 1; row < values.length; row++) {
    const gap = Number(values[row]) - Number(values[row - 1]);
    step = gap > 0 ? Math.min(step, gap) : step;
  }
  return Number.isFinite(step) ? step : 15_000;
}

interface Bucket extends HeatmapRow {
  times: readonly number[];
  counts: readonly (number | null)[];
  step: number;
}

/** Every series is a bucket, named by its upper bound or by anything else. */
function fromBuckets(frames: readonly DataFrame[], options: HeatmapOptions): HeatmapCells | undefined {
  const named = bucketsOf(frames);
  const numeric = named.length > 0 && named.every(({ name }) => !Number.isNaN(boundOf(name)));
  const layout = options.layout === "auto" ? (numeric ? "le" : "unknown") : options.layout;
  const ordered = numeric ? [...named].sort((a, b) => boundOf(a.name) - boundOf(b.name)) : named;
  const buckets = bounded(merged(ordered), numeric ? layout : "unknown").slice(0, MAX_ROWS);
  const drafts: Draft[] = [];
  buckets.forEach(({ times, counts, step }, index) => {
    for (let at = 0; at < times.length && drafts.length < MAX_CELLS; at++) {
      const [time, count] = [times[at], counts[at]];
      if (time !== undefined && count !== null && count !== undefined) {
        drafts.push([time - step, time, index, index + 1, count]);
      }
    }
  });
  return finished(drafts, options, { rows: buckets, logarithmic: false });
}

function bucketsOf(frames: readonly DataFrame[]): Bucket[] {
  return frames.flatMap((frame) => {
    const time = timeFieldOf(frame);
    const numbers = frame.fields.filter(({ type }) => type === "number");
    return (time ? numbers : []).map((field) => ({
      name: bucketName(fieldDisplayName(field, frame, frames), field),
      low: undefined,
      high: undefined,
      times: (time?.values ?? []) as number[],
      counts: field.values as (number | null)[],
      step: field.config.interval || stepOf(time as Field),
    }));
  });
}

/** A legend that says more than the bound still has it in its labels. */
function bucketName(shown: string, field: Field): string {
  const le = field.labels?.le;
  return le !== undefined && Number.isNaN(boundOf(shown)) && Object.keys(field.labels ?? {}).length === 1 ? le : shown;
}

/** `0.5`, `+Inf`, `2.5 s` is none. */
export function boundOf(name: string): number {
  const text = name.trim();
  if (/^\+?inf(inity)?$/i.test(text)) {
    return Number.POSITIVE_INFINITY;
  }
  return text === "" ? Number.NaN : Number(text);
}

/** Series with the same name are one row. */
function merged(buckets: readonly Bucket[]): Bucket[] {
  const byName = new Map<string, Bucket>();
  for (const bucket of buckets) {
    const known = byName.get(bucket.name);
    if (known && known.times === bucket.times) {
      const counts = known.counts.map((count, at) => {
        const other = bucket.counts[at];
        return count === null && (other === null || other === undefined) ? null : (count ?? 0) + (other ?? 0);
      });
      byName.set(bucket.name, { ...known, counts });
    } else if (!known) {
      byName.set(bucket.name, bucket);
    }
  }
  return [...byName.values()];
}

function bounded(buckets: readonly Bucket[], layout: "le" | "ge" | "unknown"): Bucket[] {
  return buckets.map((bucket, index) => {
    if (layout === "unknown") {
      return bucket;
    }
    const own = boundOf(bucket.name);
    if (layout === "ge") {
      return {
        ...bucket,
        low: own,
        high: index + 1 < buckets.length ? boundOf(buckets[index + 1]?.name ?? "") : undefined,
      };
    }
    const below = buckets[index - 1];
    return { ...bucket, low: below ? boundOf(below.name) : undefined, high: own };
  });
}

/** Where a measured value stands on the y axis; undefined outside of all rows. */
export function placeOnAxis(model: HeatmapCells, value: number): number | undefined {
  if (!model.rows) {
    return value;
  }
  const index = model.rows.findIndex(
    ({ low, high }) => value > (low ?? Number.NEGATIVE_INFINITY) && value <= (high ?? Number.POSITIVE_INFINITY),
  );
  return index < 0 ? undefined : index + 0.5;
}

/** The cell at a place of the chart; -1 for none. */
export function cellAt(model: HeatmapCells, x: number, y: number): number {
  let [low, high] = [0, model.columns.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((model.columns[middle]?.x0 ?? 0) <= x) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const column = model.columns[low];
  if (!column || x < column.x0 || x > column.x1) {
    return -1;
  }
  for (let at = column.from; at < column.to; at++) {
    if (y >= (model.y0[at] as number) && y < (model.y1[at] as number)) {
      return at;
    }
  }
  return -1;
}
