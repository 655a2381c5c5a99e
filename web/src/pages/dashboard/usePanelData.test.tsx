import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ask } from "../../api/batch";
import type { Answer } from "../../api/decode";
import { ApiError } from "../../api/error";
import type { PanelQuery } from "../../lib/dashboard/compile";
import { type PanelData, type PanelRequest, toWire, usePanelData } from "./usePanelData";

vi.mock("../../api/batch", () => ({ ask: vi.fn() }));
(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const query = (expr: string, refId = "A"): PanelQuery => ({
  refId,
  kind: "promql",
  expr,
  legend: "",
  format: "time_series",
  instant: false,
  startMs: 0,
  endMs: 1000,
  stepMs: 100,
  limit: null,
  hidden: false,
  exemplar: false,
});
const request = (...queries: PanelQuery[]): PanelRequest => ({ queries, range: { fromMs: 0, toMs: 1000 } });
const answer = (value: string): Answer => ({ id: "q", kind: "string", value, warnings: [], infos: [] });

let root: Root;
let seen: PanelData;

function Probe({ request, inView, tick }: { request: PanelRequest | null; inView: boolean; tick: number }) {
  seen = usePanelData(request, inView, tick);
  return null;
}

async function show(request: PanelRequest | null, inView = true, tick = 0) {
  await act(async () => root.render(<Probe request={request} inView={inView} tick={tick} />));
}

const values = () => seen.frames.map((f) => (f.kind === "string" ? f.value : f.kind));

beforeEach(() => {
  root = createRoot(document.createElement("div"));
  vi.mocked(ask).mockReset();
});
afterEach(() => act(() => root.unmount()));

test("asks only when in view and when there is something to ask", async () => {
  vi.mocked(ask).mockResolvedValue(answer("1"));
  await show(null);
  await show(request(query("a")), false);
  expect(ask).not.toHaveBeenCalled();
  await show(request(query("a")), true);
  expect([vi.mocked(ask).mock.calls.length, values(), seen.settled]).toEqual([1, ["1"], true]);
  await show(request(query("a")), true);
  expect(ask).toHaveBeenCalledTimes(1);
  await show(request(query("a")), true, 1);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("old frames stay until the new ones are there, and when asking fails", async () => {
  vi.mocked(ask).mockResolvedValueOnce(answer("old"));
  await show(request(query("a")));
  let finish: (a: Answer) => void = () => undefined;
  vi.mocked(ask).mockReturnValueOnce(new Promise((resolve) => (finish = resolve)));
  await show(request(query("a")), true, 1);
  expect([values(), seen.loading]).toEqual([["old"], true]);
  await act(async () => finish(answer("new")));
  expect([values(), seen.loading]).toEqual([["new"], false]);
  vi.mocked(ask).mockRejectedValueOnce(new ApiError("unreachable", "gone"));
  await show(request(query("a")), true, 2);
  expect([values(), seen.stale, seen.errors]).toEqual([["new"], true, ["gone"]]);
});

test("one query's error leaves the others' frames", async () => {
  vi.mocked(ask).mockResolvedValueOnce(answer("1"));
  vi.mocked(ask).mockResolvedValueOnce({
    id: "q",
    kind: "error",
    error: new ApiError("bad_input", "no"),
    warnings: [],
    infos: [],
  });
  await show(request(query("a"), query("b", "B")));
  expect([values(), seen.errors, seen.stale]).toEqual([["1"], ["B: no"], false]);
});

test("a newer question cancels the older one", async () => {
  const signals: AbortSignal[] = [];
  vi.mocked(ask).mockImplementation((_, signal) => {
    signals.push(signal);
    return new Promise(() => undefined);
  });
  await show(request(query("a")));
  await show(request(query("b")));
  expect(signals.map((s) => s.aborted)).toEqual([true, false]);
});

test("what goes over the wire", () => {
  expect(toWire(query("a"))).toEqual({ kind: "promql", expr: "a", start_ms: 0, end_ms: 1000, step_ms: 100 });
  expect(toWire({ ...query("a"), instant: true })).toEqual({ kind: "promql", expr: "a", instant: true, end_ms: 1000 });
  expect(toWire({ ...query("a"), kind: "logql", limit: 5 })).toMatchObject({ limit: 5, direction: "backward" });
});
