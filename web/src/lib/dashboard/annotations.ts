/** Annotation queries: what is asked for, and which events its answer tells of. */

import type { Frame, Labels } from "../../api/frames";
import { type Annotation, MAX_EVENTS } from "../../panels/events";
import { parseDuration } from "../duration";
import { withInterval } from "../interpolate/builtIns";
import { interpolate, type Scope } from "../interpolate/interpolate";
import { alignRange, computeInterval } from "../interval";
import type { ResolvedRange } from "../time";
import type { VariableModel } from "../variables/model";
import type { PanelQuery } from "./compile";
import { sourceOf } from "./dataSource";
import type { AnnotationQuery } from "./model";

export interface AnnotationContext {
  scope: Scope;
  variables: VariableModel[];
  range: ResolvedRange;
}

const DEFAULT_STEP_MS = 60_000;
/** Points over the range: finer marks than this cannot be told apart. */
const MAX_POINTS = 1500;

/** The query to send; null where its source cannot be asked. */
export function compileAnnotation(query: AnnotationQuery, context: AnnotationContext): PanelQuery | null {
  const source = sourceOf(query.datasource, { ...context, expr: query.expr });
  if ((source !== "prometheus" && source !== "loki") || query.expr.trim() === "") return null;
  const kind = source === "loki" ? "logql" : "promql";
  const { fromMs, toMs } = context.range;
  const minStepMs = parseDuration(interpolate(query.step, context.scope)) ?? DEFAULT_STEP_MS;
  const interval = computeInterval({ rangeMs: toMs - fromMs, maxDataPoints: MAX_POINTS, minStepMs });
  const { startMs, endMs } = alignRange(fromMs, toMs, interval.stepMs);
  const isLog = kind === "logql";
  return {
    refId: query.name,
    kind,
    expr: interpolate(query.expr, withInterval(context.scope, interval), kind),
    legend: "",
    format: isLog ? "logs" : "time_series",
    instant: false,
    startMs: isLog ? fromMs : startMs,
    endMs: isLog ? toMs : endMs,
    stepMs: interval.stepMs,
    limit: isLog ? MAX_EVENTS : null,
    hidden: false,
    exemplar: false,
  };
}

/** Events of an answer, oldest first. Bounded: the newest are kept. */
export function annotationsFrom(query: AnnotationQuery, frame: Frame): Annotation[] {
  const events = frame.kind === "streams" ? fromLines(query, frame) : fromSeries(query, frame);
  return events.sort((a, b) => a.timeMs - b.timeMs).slice(-MAX_EVENTS);
}

function describe(query: AnnotationQuery, labels: Labels, line?: string): Omit<Annotation, "timeMs"> {
  const fill = (text: string) => text.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
  const keys = query.tagKeys.split(",").map((key) => key.trim());
  const tags = keys.flatMap((key) => (key && labels[key] ? [labels[key]] : []));
  return {
    title: fill(query.titleFormat) || undefined,
    text: fill(query.textFormat) || line || (query.titleFormat ? undefined : labelText(labels)),
    tags,
    color: query.iconColor || undefined,
    source: query.name,
  };
}

const labelText = (labels: Labels) =>
  Object.entries(labels)
    .filter(([name]) => name !== "__name__")
    .map(([name, value]) => `${name}=${value}`)
    .join(", ") || undefined;

/** Values above zero are events; points that follow each other are one event with a length. */
function fromSeries(query: AnnotationQuery, frame: Frame): Annotation[] {
  if (frame.kind !== "matrix") return [];
  const events: Annotation[] = [];
  for (const { labels, values } of frame.series) {
    const shown = describe(query, labels);
    let open: Annotation | null = null;
    for (let i = 0; i < frame.times.length; i++) {
      const value = values[i] ?? Number.NaN;
      const at = frame.times[i] ?? 0;
      if (!(value > 0)) {
        open = null;
      } else if (query.useValueForTime) {
        // The value says when: the same moment is reported at every step.
        const timeMs = value;
        if (!events.some((e) => e.timeMs === timeMs && e.text === shown.text)) events.push({ ...shown, timeMs });
      } else if (open) {
        open.timeEndMs = at;
      } else {
        open = { ...shown, timeMs: at };
        events.push(open);
      }
      if (events.length > 4 * MAX_EVENTS) events.splice(0, MAX_EVENTS);
    }
  }
  return events;
}

function fromLines(query: AnnotationQuery, frame: Extract<Frame, { kind: "streams" }>): Annotation[] {
  const { timesNs, lines, stream, metadata } = frame.entries;
  return lines.map((line, i) => {
    const labels = { ...frame.streams[stream[i] ?? 0], ...metadata[i] };
    return { ...describe(query, labels, line), timeMs: Number(BigInt(timesNs[i] ?? "0") / 1_000_000n) };
  });
}

/** Whether a panel shows the events of a query. */
export function concerns(query: AnnotationQuery, panelId: number): boolean {
  if (!query.filter) return true;
  return query.filter.ids.includes(panelId) !== query.filter.exclude;
}
