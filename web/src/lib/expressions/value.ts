/** What expressions compute with: a number or a series for each set of labels. */

import { type Frame, isNumeric, type Labels, type MatrixFrame, type Series, type VectorFrame } from "../../api/frames";

export interface Item {
  labels: Labels;
  /** For a number: when it was measured, alone. */
  times: Float64Array;
  values: Float64Array;
}

export interface Value {
  kind: "series" | "number";
  items: Item[];
}

/** A query's answer without the points that are not there. */
export function toValue(frame: Frame): Value {
  if (!isNumeric(frame)) throw new Error(`$${frame.id} gives no numbers`);
  if (frame.kind !== "matrix") {
    const items = frame.series.map((s, i) => {
      return { labels: s.labels, times: Float64Array.of(frame.times[i] ?? 0), values: s.values };
    });
    return { kind: "number", items };
  }
  return { kind: "series", items: frame.series.map((s) => present(s, frame.times)) };
}

function present({ labels, values }: Series, times: Float64Array): Item {
  const kept = [...times.keys()].filter((i) => !Number.isNaN(values[i] ?? Number.NaN));
  return {
    labels,
    times: Float64Array.from(kept, (i) => times[i] ?? 0),
    values: Float64Array.from(kept, (i) => values[i] ?? Number.NaN),
  };
}

/** The value as the answer of a query: series over one array of times, or numbers at the end of the range. */
export function frameOf(refId: string, value: Value, endMs: number, text: string): MatrixFrame | VectorFrame {
  const unlabelled = value.items.every((item) => Object.keys(item.labels).length === 0);
  const base = {
    id: refId,
    expr: text,
    legend: unlabelled ? refId : "",
    format: "time_series" as const,
    stepMs: 0,
    warnings: [],
    infos: [],
  };
  if (value.kind === "number") {
    return {
      ...base,
      kind: "vector",
      instant: true,
      times: Float64Array.from(value.items, () => endMs),
      series: value.items.map(({ labels, values }) => ({ labels, values: values.slice(0, 1) })),
    };
  }
  const all = [...new Set(value.items.flatMap((item) => [...item.times]))].sort((a, b) => a - b);
  const place = new Map(all.map((time, i) => [time, i]));
  const series = value.items.map(({ labels, times, values }) => {
    const out = new Float64Array(all.length).fill(Number.NaN);
    times.forEach((time, i) => {
      out[place.get(time) ?? 0] = values[i] ?? Number.NaN;
    });
    return { labels, values: out };
  });
  return { ...base, kind: "matrix", instant: false, times: Float64Array.from(all), series };
}
