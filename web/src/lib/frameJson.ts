/** Answers as JSON that people can read and copy, within a bound. */

import { type Frame, isNumeric } from "../api/frames";

/** Values of a series that are written out; what is left out is counted. */
const MOST_VALUES = 2000;
const MOST_SERIES = 200;

function cut<T>(values: ArrayLike<T>, most: number): { list: T[]; left: number } {
  const list = Array.from({ length: Math.min(values.length, most) }, (_, at) => values[at] as T);
  return { list, left: values.length - list.length };
}

const more = (left: number, what: string) => (left > 0 ? { [`${what}LeftOut`]: left } : {});

function answer(frame: Frame): Record<string, unknown> {
  const { id, expr, kind, stats, warnings, infos } = frame;
  const base = {
    refId: id,
    query: expr,
    kind,
    ...(stats ? { stats } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(infos.length > 0 ? { infos } : {}),
  };
  if (frame.kind === "string") return { ...base, value: frame.value };
  if (!isNumeric(frame)) {
    const { timesNs, lines, stream, metadata } = frame.entries;
    const shown = cut(lines, MOST_VALUES);
    const entries = shown.list.map((line, at) => ({
      timeNs: timesNs[at],
      labels: frame.streams[stream[at] ?? 0] ?? {},
      ...(metadata[at] ? { metadata: metadata[at] } : {}),
      line,
    }));
    return { ...base, entries, ...more(shown.left, "lines") };
  }
  const times = cut(frame.times, MOST_VALUES);
  const series = cut(frame.series, MOST_SERIES);
  return {
    ...base,
    times: times.list,
    series: series.list.map(({ labels, values, histograms }) => ({
      labels,
      // NaN says that there is no value.
      values: cut(values, MOST_VALUES).list.map((value) => (Number.isNaN(value) ? null : value)),
      ...(histograms ? { histograms: cut(histograms, MOST_VALUES).list } : {}),
    })),
    ...more(times.left, "times"),
    ...more(series.left, "series"),
  };
}

/** Every array of plain values on one line: a thousand numbers are no thousand lines. */
export function framesJson(frames: readonly Frame[]): string {
  const text = JSON.stringify(
    frames.map(answer),
    (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value),
    2,
  );
  return text.replace(
    /\[\s+((?:(?:-?[\d.e+-]+|null|"[^"\n]*"),?\s+)+)\]/g,
    (_, inner: string) => `[${inner.trim().replace(/\s+/g, " ")}]`,
  );
}
