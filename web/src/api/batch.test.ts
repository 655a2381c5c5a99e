import { afterEach, expect, test, vi } from "vitest";
import { ask } from "./batch";
import { errorFromBody } from "./error";

function reply(ids: string[]): Uint8Array {
  const parts = ids.map((id) => {
    let text = JSON.stringify({ id, kind: "string", value: id });
    while (text.length % 8 !== 0) text += " ";
    const out = new Uint8Array(8 + text.length);
    new DataView(out.buffer).setUint32(0, text.length, true);
    out.set(new TextEncoder().encode(text), 8);
    return out;
  });
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}

const bodies: { queries: { id: string; expr: string }[] }[] = [];

function serve(answerIds: (ids: string[]) => string[]) {
  bodies.length = 0;
  vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
    const body = JSON.parse(String(init.body));
    bodies.push(body);
    return new Response(reply(answerIds(body.queries.map((q: { id: string }) => q.id))) as BodyInit);
  });
}

afterEach(() => vi.unstubAllGlobals());

const query = (expr: string) => ({ kind: "promql" as const, expr, end_ms: 1 });

test("one refresh is one request", async () => {
  serve((ids) => [...ids].reverse());
  const signal = new AbortController().signal;
  const answers = await Promise.all([ask(query("a"), signal), ask(query("b"), signal)]);
  expect(bodies.map((b) => b.queries.map((q) => q.expr))).toEqual([["a", "b"]]);
  expect(answers.map((a) => a.id)).toEqual(bodies[0]?.queries.map((q) => q.id));
});

test("an aborted query is not sent, an unanswered one fails", async () => {
  serve(() => []);
  const gone = new AbortController();
  const first = ask(query("a"), gone.signal);
  const second = ask(query("b"), new AbortController().signal);
  gone.abort();
  await expect(first).rejects.toThrow("aborted");
  await expect(second).rejects.toThrow("unanswered");
  expect(bodies.map((b) => b.queries.map((q) => q.expr))).toEqual([["b"]]);
});

test("errors of every dialect become one", () => {
  const cases: [number, string, string, string][] = [
    [400, '{"error":{"kind":"bad_input","message":"m"}}', "bad_input", "m"],
    [400, '{"status":"error","errorType":"bad_data","error":"parse error"}', "bad_input", "parse error"],
    [503, "disk full\n", "unavailable", "disk full"],
    [500, "<html>", "internal", "the server answered with status 500"],
    [401, "", "unauthorized", "the server answered with status 401"],
  ];
  for (const [status, body, kind, message] of cases) {
    const error = errorFromBody(status, body);
    expect([error.kind, error.message]).toEqual([kind, message]);
  }
});
