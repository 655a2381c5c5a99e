/** Made-up but plausible data for the playground. */

import type { Frame, Labels, MatrixFrame, StreamsFrame, VectorFrame } from "../api/frames";

export const END_MS = Date.UTC(2026, 3, 14, 15, 30);
export const STEP_MS = 15_000;

const base = (id: string, legend: string, format: Frame["format"] = "time_series") => ({
  id,
  expr: "up",
  legend,
  format,
  instant: false,
  stepMs: STEP_MS,
  warnings: [],
  infos: [],
});

/** Equal at each load. */
export function random(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A load that wanders around a level with waves and noise. */
export function wave(seed: number, points: number, level: number, spread: number): Float64Array {
  const next = random(seed);
  const phase = next() * 6;
  let drift = 0;
  return Float64Array.from({ length: points }, (_, index) => {
    drift = drift * 0.95 + (next() - 0.5) * spread * 0.5;
    return Math.max(0, level + Math.sin(index / 30 + phase) * spread * 0.6 + drift + (next() - 0.5) * spread * 0.2);
  });
}

export function times(points: number): Float64Array {
  return Float64Array.from({ length: points }, (_, index) => END_MS - (points - 1 - index) * STEP_MS);
}

interface MatrixSpec {
  id?: string;
  legend: string;
  series: { labels: Labels; values: Float64Array }[];
}

export function matrix({ id = "A", legend, series }: MatrixSpec): MatrixFrame {
  return { ...base(id, legend), kind: "matrix", times: times(series[0]?.values.length ?? 0), series };
}

export function vector(id: string, rows: [Labels, number][], format: Frame["format"] = "table"): VectorFrame {
  return {
    ...base(id, "__auto", format),
    instant: true,
    kind: "vector",
    times: Float64Array.from(rows, () => END_MS),
    series: rows.map(([labels, value]) => ({ labels, values: Float64Array.of(value) })),
  };
}

const MESSAGES = [
  'level=info msg="request finished" method=POST path=/v1/chat/completions status=200 duration=1.284s tokens=512',
  'level=warn msg="queue is growing" waiting=37 running=16 model=llama-3.3-70b',
  'level=error msg="worker lost, restarting" worker=3 error="CUDA out of memory: tried to allocate 2.00 GiB"',
  '{"level":"debug","msg":"kv cache","used":0.82,"blocks":{"free":1204,"total":6620},"request_id":"7f3ab1c09d"}',
  "2026-04-14 15:29:58,112 INFO  uvicorn.access 127.0.0.1:51822 - GET /health 200",
];

export function logs(lines: number): StreamsFrame {
  const next = random(7);
  const entries: StreamsFrame["entries"] = { timesNs: [], stream: [], lines: [], metadata: [] };
  for (let index = 0; index < lines; index++) {
    entries.timesNs.push(`${END_MS - index * 1370}${String(Math.floor(next() * 1e6)).padStart(6, "0")}`);
    entries.stream.push(Math.floor(next() * 2));
    entries.lines.push(MESSAGES[Math.floor(next() * MESSAGES.length)] ?? "");
    entries.metadata.push(null);
  }
  const streams = [
    { job: "vllm", instance: "gpu-box", filename: "/var/log/vllm/server.log" },
    { job: "gateway", instance: "gpu-box", filename: "/var/log/gateway/access.log" },
  ];
  return { ...base("A", ""), expr: '{job=~".+"} |= "msg"', format: "logs", kind: "streams", streams, entries };
}
