/** Histograms as frames: cumulative buckets taken apart, native ones as cells. */

import type { HistogramSample, MatrixFrame, Series, VectorFrame } from "../api/frames";
import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";

/** Cells of one answer; the rest is left out. */
const MAX_CELLS = 400_000;

/** `le` of a bucket as a number. */
function bound(series: Series): number {
  const le = series.labels.le;
  return le === undefined ? Number.NaN : le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
}

/** Series by rising bound, each without what the buckets below it count. Series without `le` stay as they are. */
export function apart(series: readonly Series[]): Series[] {
  const groups = new Map<string, Series[]>();
  for (const entry of series) {
    const { le: _, ...rest } = entry.labels;
    const key = Number.isNaN(bound(entry)) ? JSON.stringify(entry.labels) : JSON.stringify(rest);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()].flatMap((group) => {
    const ordered = [...group].sort((a, b) => bound(a) - bound(b));
    return ordered.map((entry, index) => {
      const below = ordered[index - 1];
      if (below === undefined || Number.isNaN(bound(entry))) {
        return entry;
      }
      // Rates of buckets may differ by rounding: no bucket counts less than none.
      const values = entry.values.map((value, at) => Math.max(0, value - (below.values[at] || 0)));
      return { ...entry, values };
    });
  });
}

/** Native histograms as cells of time and value; undefined where there are none. */
export function histogramCells(frame: MatrixFrame | VectorFrame): DataFrame | undefined {
  const columns: Record<"xMax" | "yMin" | "yMax" | "count", number[]> = { xMax: [], yMin: [], yMax: [], count: [] };
  for (const [index, { histograms }] of frame.series.entries()) {
    for (const [at, sample] of histograms ?? []) {
      const time = frame.times[frame.kind === "vector" ? index : at] ?? Number.NaN;
      addCells(columns, time, sample);
    }
  }
  if (columns.count.length === 0) {
    return undefined;
  }
  const field = (name: keyof typeof columns, type: Field["type"], config = {}): Field => ({
    name,
    type,
    config,
    values: columns[name],
  });
  return frameOf(
    [
      field("xMax", "time", { interval: frame.stepMs }),
      field("yMin", "number"),
      field("yMax", "number"),
      field("count", "number"),
    ],
    { refId: frame.id, meta: { kind: "heatmap-cells", executed: frame.expr } },
  );
}

function addCells(columns: Record<string, number[]>, time: number, sample: HistogramSample): void {
  for (const [, low, high, count] of sample.buckets ?? []) {
    if ((columns.count?.length ?? 0) >= MAX_CELLS) {
      return;
    }
    columns.xMax?.push(time);
    columns.yMin?.push(Number(low));
    columns.yMax?.push(Number(high));
    columns.count?.push(Number(count));
  }
}

/** Whether a series has nothing but histograms: no line can be drawn of it. */
export function isNative({ histograms, values }: Series): boolean {
  return histograms !== undefined && histograms.length > 0 && values.every(Number.isNaN);
}
