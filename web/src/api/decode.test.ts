import { expect, test } from "vitest";
import { FrameDecoder } from "./decode";

function message(header: object, columns: number[] = []): Uint8Array {
  let text = JSON.stringify(header);
  while (new TextEncoder().encode(text).length % 8 !== 0) text += " ";
  const head = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + head.length + columns.length * 8);
  const view = new DataView(out.buffer);
  view.setUint32(0, head.length, true);
  view.setUint32(4, columns.length * 8, true);
  out.set(head, 8);
  columns.forEach((value, i) => {
    view.setFloat64(8 + head.length + i * 8, value, true);
  });
  return out;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const STREAM = concat(
  message(
    { id: "A", kind: "matrix", points: 2, series: [{ labels: { a: "é" } }, { labels: { a: "2" } }], warnings: ["w"] },
    [1, 2, 10, 20, 30, Number.NaN],
  ),
  message({ id: "B", kind: "vector", series: [{ labels: { x: "1" } }, { labels: { x: "2" } }] }, [5, 50, 6, 60]),
  message({ id: "C", kind: "scalar" }, [7, 70]),
  message({ id: "D", kind: "string", value: "hello" }),
  message({
    id: "E",
    kind: "streams",
    streams: [{ job: "x" }],
    entries: { t_ns: ["1700000000000000001"], stream: [0], line: ["hi"], metadata: [null] },
  }),
  message({ id: "F", kind: "error", error: { kind: "bad_input", message: "no", position: [1, 3] } }),
  message({ id: "G", kind: "matrix", points: 0, series: [] }),
);

function decode(size: number) {
  const decoder = new FrameDecoder();
  const answers = [];
  for (let i = 0; i < STREAM.length; i += size) answers.push(...decoder.push(STREAM.subarray(i, i + size)));
  decoder.finish();
  return answers;
}

test("any cut of the stream gives the same answers", () => {
  for (const size of [1, 3, 8, 100, STREAM.length]) {
    const [a, b, c, d, e, f, g] = decode(size);
    expect(a).toMatchObject({ id: "A", kind: "matrix", warnings: ["w"] });
    if (a?.kind !== "matrix" || b?.kind !== "vector" || c?.kind !== "scalar") throw new Error("kinds");
    expect([...a.times]).toEqual([1, 2]);
    expect(a.series.map((s) => [s.labels.a, ...s.values])).toEqual([
      ["é", 10, 20],
      ["2", 30, Number.NaN],
    ]);
    expect([...b.times, ...b.series.map((s) => s.values[0])]).toEqual([5, 6, 50, 60]);
    expect([c.times[0], c.series[0]?.values[0]]).toEqual([7, 70]);
    expect(d).toMatchObject({ kind: "string", value: "hello" });
    expect(e).toMatchObject({
      kind: "streams",
      entries: { timesNs: ["1700000000000000001"], lines: ["hi"], metadata: [null] },
    });
    if (f?.kind !== "error") throw new Error("kind");
    expect([f.error.kind, f.error.message, f.error.position]).toEqual(["bad_input", "no", [1, 3]]);
    expect(g).toMatchObject({ kind: "matrix", series: [] });
  }
});

test("a stream that breaks off, or is none, says so", () => {
  const cut = new FrameDecoder();
  cut.push(STREAM.subarray(0, 20));
  expect(() => cut.finish()).toThrow("cut off");
  expect(() => new FrameDecoder().push(new TextEncoder().encode("<html><body>not frames"))).toThrow("not a stream");
});
