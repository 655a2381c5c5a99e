/** Gathers the queries of one refresh into one request: HTTP/1.1 has six connections, a dashboard fifty queries. */

import { streamQueries } from "./client";
import type { Answer } from "./decode";
import { ApiError } from "./error";
import type { WireQuery } from "./types";

interface Waiting {
  query: WireQuery;
  signal: AbortSignal;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/** Queries in one request at most; more are sent in further requests. */
export const MAX_BATCH = 64;

let queue: Waiting[] = [];
let counter = 0;

/** The answer of one query. All queries asked for before the next task go out together. */
export function ask(query: Omit<WireQuery, "id">, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new DOMException("aborted", "AbortError"));
    counter += 1;
    queue.push({ query: { ...query, id: `q${counter}` }, signal, resolve, reject });
    if (queue.length === 1) setTimeout(flush, 0);
  });
}

function flush(): void {
  const ready = queue.filter((w) => !w.signal.aborted);
  for (const w of queue) if (w.signal.aborted) w.reject(new DOMException("aborted", "AbortError"));
  queue = [];
  for (let i = 0; i < ready.length; i += MAX_BATCH) void sendBatch(ready.slice(i, i + MAX_BATCH));
}

async function sendBatch(batch: Waiting[]): Promise<void> {
  const open = new Map(batch.map((w) => [w.query.id, w]));
  const abort = new AbortController();
  for (const w of batch) {
    const drop = () => {
      if (!open.delete(w.query.id)) return;
      w.reject(new DOMException("aborted", "AbortError"));
      // The request lives as long as anybody waits for one of its answers.
      if (open.size === 0) abort.abort();
    };
    w.signal.addEventListener("abort", drop, { once: true });
  }
  try {
    const queries = batch.map((w) => w.query);
    await streamQueries(queries, abort.signal, (answer) => {
      const waiting = open.get(answer.id);
      open.delete(answer.id);
      waiting?.resolve(answer);
    });
    for (const w of open.values()) w.reject(new ApiError("internal", "the server left this query unanswered"));
  } catch (error) {
    for (const w of open.values()) w.reject(error);
  }
}
