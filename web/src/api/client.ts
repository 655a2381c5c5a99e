/** The only place that calls `fetch`. */

import { connection } from "./connection";
import { type Answer, FrameDecoder } from "./decode";
import { ApiError, errorFromBody, isAbort } from "./error";
import type { WireQuery } from "./types";

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (isAbort(error)) throw error;
    connection.lost();
    throw new ApiError("unreachable", "Pharos does not answer. It may have been stopped, or the network is down.");
  }
  if (response.status === 502 || response.status === 504) connection.lost();
  else connection.seen();
  if (!response.ok) throw errorFromBody(response.status, await response.text().catch(() => ""));
  return response;
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("internal", "the server's answer is not JSON");
  }
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return json<T>(await send(path, { signal: signal ?? null, headers: { accept: "application/json" } }));
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await send(path, { signal: signal ?? null })).text();
}

export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  return json<T>(await send(path, { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null }));
}

/** A call of Prometheus' API with a form body, so that long selectors fit. */
export async function postForm<T>(path: string, form: URLSearchParams, signal?: AbortSignal): Promise<T> {
  return json<T>(await send(path, { method: "POST", body: form, signal: signal ?? null }));
}

/** True when the server answers at all. */
export async function ping(): Promise<boolean> {
  try {
    const response = await fetch("/-/healthy", { cache: "no-store" });
    return response.status < 500;
  } catch {
    return false;
  }
}

export const QUERY_TIMEOUT_MS = 60_000;

/** Sends a batch and calls back with each answer as soon as it has come. */
export async function streamQueries(
  queries: WireQuery[],
  signal: AbortSignal,
  onAnswer: (answer: Answer) => void,
): Promise<void> {
  const response = await send("/api/pharos/v1/query", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/x-pharos-frames" },
    body: JSON.stringify({ queries, timeout_ms: QUERY_TIMEOUT_MS }),
    signal,
  });
  if (!response.body) throw new ApiError("internal", "the server's answer has no body");
  const decoder = new FrameDecoder();
  const reader = response.body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const answer of decoder.push(part.value)) onAnswer(answer);
    }
  } catch (error) {
    if (isAbort(error) || error instanceof ApiError) throw error;
    throw new ApiError("unreachable", "the connection broke before the answer was complete");
  }
  decoder.finish();
}
