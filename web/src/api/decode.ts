/** Decodes the stream of `application/x-pharos-frames` into columnar answers, message by message. */

import { ApiError, type ErrorKind } from "./error";
import type { HistogramSample, Labels, Series } from "./frames";

interface Header {
  id: string;
  kind: "matrix" | "vector" | "scalar" | "string" | "streams" | "error";
  points?: number;
  series?: { labels: Labels; histograms?: [number, HistogramSample][] }[];
  value?: string;
  streams?: Labels[];
  entries?: { t_ns: string[]; stream: number[]; line: string[]; metadata?: (Labels | null)[] };
  error?: { kind?: ErrorKind; message: string; position?: [number, number] };
  warnings?: string[];
  infos?: string[];
  stats?: { samples?: number; elapsed_ms?: number };
}

interface AnswerBase {
  id: string;
  warnings: string[];
  infos: string[];
  stats?: { samples?: number; elapsed_ms?: number };
}

/** One query's answer, before the panel's own names are put to it. */
export type Answer = AnswerBase &
  (
    | { kind: "matrix" | "vector" | "scalar"; times: Float64Array; series: Series[] }
    | { kind: "string"; value: string }
    | {
        kind: "streams";
        streams: Labels[];
        entries: { timesNs: string[]; stream: number[]; lines: string[]; metadata: (Labels | null)[] };
      }
    | { kind: "error"; error: ApiError }
  );

/** A header or payload beyond this means that the stream is not ours. */
const MAX_PART_BYTES = 1 << 30;

export class FrameDecoder {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** Every answer that the chunk completes. */
  push(chunk: Uint8Array): Answer[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const answers: Answer[] = [];
    for (let message = this.#next(); message; message = this.#next()) answers.push(message);
    return answers;
  }

  /** Called at the end of the stream: what is left over was cut off. */
  finish(): void {
    if (this.#bytes > 0) throw new ApiError("unreachable", "the answer was cut off before its end");
  }

  #next(): Answer | null {
    if (this.#bytes < 8) return null;
    const lengths = new DataView(this.#peek(8).buffer);
    const headerBytes = lengths.getUint32(0, true);
    const payloadBytes = lengths.getUint32(4, true);
    if (headerBytes > MAX_PART_BYTES || payloadBytes > MAX_PART_BYTES || payloadBytes % 8 !== 0) {
      throw new ApiError("internal", "the answer is not a stream of frames");
    }
    if (this.#bytes < 8 + headerBytes + payloadBytes) return null;
    this.#take(8);
    const header = JSON.parse(new TextDecoder().decode(this.#take(headerBytes))) as Header;
    return toAnswer(header, new Float64Array(this.#take(payloadBytes).buffer));
  }

  /** The first n bytes as a copy; they stay. */
  #peek(n: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(n);
    let filled = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, n - filled);
      out.set(part, filled);
      filled += part.length;
      if (filled === n) break;
    }
    return out;
  }

  /** The first n bytes as a copy of their own (so that columns are aligned); they go. */
  #take(n: number): Uint8Array<ArrayBuffer> {
    const out = this.#peek(n);
    let left = n;
    while (left > 0) {
      const first = this.#chunks[0];
      if (!first) break;
      if (first.length <= left) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(left);
      left -= Math.min(left, first.length);
    }
    this.#bytes -= n;
    return out;
  }
}

function toAnswer(header: Header, columns: Float64Array): Answer {
  const base: AnswerBase = { id: header.id, warnings: header.warnings ?? [], infos: header.infos ?? [] };
  if (header.stats) base.stats = header.stats;
  switch (header.kind) {
    case "matrix":
      return { ...base, kind: "matrix", ...matrix(header, columns) };
    case "vector":
      return { ...base, kind: "vector", ...vector(header, columns) };
    case "scalar":
      return { ...base, kind: "scalar", ...scalar(columns) };
    case "string":
      return { ...base, kind: "string", value: header.value ?? "" };
    case "streams":
      return { ...base, kind: "streams", ...streams(header) };
    case "error": {
      const { kind = "internal", message = "unknown error", position } = header.error ?? {};
      return { ...base, kind: "error", error: new ApiError(kind, message, 0, position) };
    }
    default:
      throw new ApiError("internal", `the server sent a kind of frame that this page does not know: ${header.kind}`);
  }
}

function matrix(header: Header, columns: Float64Array) {
  const points = header.points ?? 0;
  const series = (header.series ?? []).map((s, i) => {
    const values = columns.subarray(points * (i + 1), points * (i + 2));
    return withHistograms(s, values);
  });
  return { times: columns.subarray(0, points), series };
}

function vector(header: Header, columns: Float64Array) {
  const heads = header.series ?? [];
  const times = new Float64Array(heads.length);
  const series = heads.map((s, i) => {
    times[i] = columns[2 * i] ?? Number.NaN;
    return withHistograms(s, columns.subarray(2 * i + 1, 2 * i + 2));
  });
  return { times, series };
}

function scalar(columns: Float64Array) {
  return { times: columns.subarray(0, 1), series: [{ labels: {}, values: columns.subarray(1, 2) }] };
}

function withHistograms(
  head: { labels: Labels; histograms?: [number, HistogramSample][] },
  values: Float64Array,
): Series {
  return head.histograms
    ? { labels: head.labels, values, histograms: head.histograms }
    : { labels: head.labels, values };
}

function streams(header: Header) {
  const entries = header.entries ?? { t_ns: [], stream: [], line: [] };
  return {
    streams: header.streams ?? [],
    entries: {
      timesNs: entries.t_ns,
      stream: entries.stream,
      lines: entries.line,
      metadata: entries.metadata ?? entries.line.map(() => null),
    },
  };
}
