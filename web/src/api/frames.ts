/** Columnar answers of `POST /api/pharos/v1/query`: the only shape in which data reaches a panel. */

export type Labels = Readonly<Record<string, string>>;

/** A sparse histogram sample, as in Prometheus' JSON. */
export interface HistogramSample {
  count: string;
  sum: string;
  buckets?: [boundaries: number, lower: string, upper: string, count: string][];
}

export interface Series {
  labels: Labels;
  /** One value per entry of the frame's `times`; NaN means that there is none. */
  values: Float64Array;
  /** Native histograms: [index into `times`, sample]. */
  histograms?: [number, HistogramSample][];
}

/** What every frame carries, whatever its kind. */
export interface FrameBase {
  /** The refId of the query within its panel (A, B, ...). */
  id: string;
  /** The query as it was sent, after interpolation. */
  expr: string;
  /** Format of the series' names: Grafana's legendFormat, already interpolated (`{{label}}` left in place). */
  legend: string;
  /** Grafana's `format` of the target: the table panel joins instant vectors differently from series. */
  format: "time_series" | "table" | "heatmap" | "logs";
  instant: boolean;
  stepMs: number;
  warnings: string[];
  infos: string[];
  stats?: { samples?: number; elapsed_ms?: number };
}

/** Series over one shared array of times (ms). */
export interface MatrixFrame extends FrameBase {
  kind: "matrix";
  times: Float64Array;
  series: Series[];
}

/** One value per series, at its own time (`times[i]` belongs to `series[i]`, whose `values` has length 1). */
export interface VectorFrame extends FrameBase {
  kind: "vector";
  times: Float64Array;
  series: Series[];
}

/** One value without labels; `times` and the only series' `values` have length 1. */
export interface ScalarFrame extends FrameBase {
  kind: "scalar";
  times: Float64Array;
  series: Series[];
}

export interface StringFrame extends FrameBase {
  kind: "string";
  value: string;
}

/** Log lines, in the order asked for. */
export interface StreamsFrame extends FrameBase {
  kind: "streams";
  streams: Labels[];
  entries: {
    /** Nanoseconds since the epoch, as decimal strings. */
    timesNs: string[];
    /** Index into `streams`. */
    stream: number[];
    lines: string[];
    metadata: (Labels | null)[];
  };
}

export type Frame = MatrixFrame | VectorFrame | ScalarFrame | StringFrame | StreamsFrame;

/** Frames whose data are numbers over `times`. */
export type NumericFrame = MatrixFrame | VectorFrame | ScalarFrame;

export function isNumeric(frame: Frame): frame is NumericFrame {
  return frame.kind === "matrix" || frame.kind === "vector" || frame.kind === "scalar";
}

/** Whether a frame has anything to draw. */
export function isEmptyFrame(frame: Frame): boolean {
  if (frame.kind === "string") return false;
  if (frame.kind === "streams") return frame.entries.lines.length === 0;
  return frame.series.length === 0 || frame.times.length === 0;
}
