/** A panel's data: asked for when it is in view, kept until the new data are there, cancelled when they are not wanted. */

import { useEffect, useRef, useState } from "react";
import { ask } from "../../api/batch";
import type { Answer } from "../../api/decode";
import { isAbort, messageOf } from "../../api/error";
import { loadExemplars } from "../../api/exemplars";
import type { Frame } from "../../api/frames";
import type { WireQuery } from "../../api/types";
import type { PanelQuery } from "../../lib/dashboard/compile";
import { type Expression, runExpressions } from "../../lib/expressions/expressions";
import type { Exemplar } from "../../panels/events";
import type { TimeRange } from "../../panels/types";

export interface PanelData {
  frames: Frame[];
  exemplars: readonly Exemplar[];
  /** The range that the frames were asked for. */
  range: TimeRange | null;
  errors: string[];
  warnings: string[];
  /** What the query language remarks on a query whose answer is fine. */
  infos: string[];
  loading: boolean;
  /** The frames are older than what was asked for. */
  stale: boolean;
  /** An answer has come at least once. */
  settled: boolean;
  elapsedMs: number | null;
}

const NONE: readonly Exemplar[] = [];

const NOTHING: PanelData = {
  frames: [],
  exemplars: NONE,
  range: null,
  errors: [],
  warnings: [],
  infos: [],
  loading: false,
  stale: false,
  settled: false,
  elapsedMs: null,
};

export interface PanelRequest {
  queries: PanelQuery[];
  /** Computed from the queries' answers. */
  expressions?: Expression[];
  range: TimeRange;
}

/** `request` is null while there is nothing to ask yet (variables are loading). */
export function usePanelData(request: PanelRequest | null, inView: boolean, tick: number): PanelData {
  const [data, setData] = useState(NOTHING);
  const key = request && isAsking(request) ? JSON.stringify([request.queries, request.expressions, tick]) : null;
  const latest = useRef(request);
  latest.current = request;
  const asked = useRef<string | null>(null);
  const running = useRef<AbortController | null>(null);

  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => {
    const wanted = latest.current;
    if (!inView || key === null || key === asked.current || !wanted) return;
    asked.current = key;
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setData((old) => ({ ...old, loading: true }));
    void load(wanted, abort.signal).then((loaded) => {
      if (loaded && !abort.signal.aborted) setData((old) => merge(old, loaded));
    });
  }, [key, inView]);

  useEffect(() => {
    // A panel that lost its queries (a variable changed) forgets what it showed.
    if (request && key === null && asked.current !== null) {
      asked.current = null;
      running.current?.abort();
      setData(NOTHING);
    }
  }, [request, key]);
  return data;
}

/** An expression of constants asks nobody, and is an answer. */
const isAsking = ({ queries, expressions = [] }: PanelRequest) => queries.length > 0 || expressions.length > 0;

/** When everything failed the old frames stay, marked as stale. */
function merge(old: PanelData, loaded: PanelData): PanelData {
  if (loaded.frames.length === 0 && loaded.errors.length > 0 && old.frames.length > 0) {
    return {
      ...old,
      errors: loaded.errors,
      warnings: loaded.warnings,
      infos: loaded.infos,
      loading: false,
      stale: true,
    };
  }
  return loaded;
}

async function load(request: PanelRequest, signal: AbortSignal): Promise<PanelData | null> {
  const { queries, expressions = [], range } = request;
  const startedMs = performance.now();
  const [results, exemplars] = await Promise.all([
    Promise.allSettled(queries.map((query) => ask(toWire(query), signal))),
    Promise.all(queries.filter((query) => query.exemplar).map((query) => loadExemplars(query, signal))),
  ]);
  if (signal.aborted) return null;
  const data: PanelData = { ...NOTHING, range, settled: true, frames: [], errors: [], warnings: [], infos: [] };
  results.forEach((result, i) => {
    const query = queries[i];
    if (!query) return;
    if (result.status === "rejected") {
      if (!isAbort(result.reason)) addError(data, queries, query, messageOf(result.reason));
      return;
    }
    data.warnings.push(...result.value.warnings);
    data.infos.push(...result.value.infos);
    if (result.value.kind === "error") addError(data, queries, query, result.value.error.message);
    else data.frames.push(toFrame(result.value, query));
  });
  if (expressions.length > 0) {
    const { frames, errors } = runExpressions(expressions, data.frames, range);
    const hidden = new Set(queries.filter((query) => query.hidden).map((query) => query.refId));
    data.frames = [...data.frames.filter((frame) => !hidden.has(frame.id)), ...frames];
    if (data.errors.length === 0) data.errors.push(...errors);
  }
  if (exemplars.length > 0) data.exemplars = exemplars.flat();
  data.elapsedMs = performance.now() - startedMs;
  return data;
}

function addError(data: PanelData, queries: PanelQuery[], query: PanelQuery, message: string): void {
  const text = queries.length > 1 ? `${query.refId}: ${message}` : message;
  if (!data.errors.includes(text)) data.errors.push(text);
}

export function toWire(query: PanelQuery): Omit<WireQuery, "id"> {
  const { kind, expr } = query;
  if (query.instant) return { kind, expr, instant: true, end_ms: query.endMs };
  const wire: Omit<WireQuery, "id"> = {
    kind,
    expr,
    start_ms: query.startMs,
    end_ms: query.endMs,
    step_ms: query.stepMs,
  };
  if (query.limit !== null) {
    wire.limit = query.limit;
    wire.direction = "backward";
  }
  return wire;
}

export function toFrame(answer: Exclude<Answer, { kind: "error" }>, query: PanelQuery): Frame {
  const { refId, expr, legend, format, instant, stepMs } = query;
  return { ...answer, id: refId, expr, legend, format, instant, stepMs } as Frame;
}
