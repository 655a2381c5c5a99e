/** From a panel's targets to the queries that are sent: source, step, range, variables. */

import type { Frame } from "../../api/frames";
import type { PanelModel, Target } from "../../panels/types";
import { parseDuration } from "../duration";
import { type Expression, neededRefs, readExpression } from "../expressions/expressions";
import { withInterval } from "../interpolate/builtIns";
import { interpolate, type Scope } from "../interpolate/interpolate";
import { alignRange, computeInterval, type Interval } from "../interval";
import { parseTime, type ResolvedRange } from "../time";
import type { VariableModel } from "../variables/model";
import { type AdhocFilter, applyFilters } from "./adhoc";
import { type DataSource, sourceOf } from "./dataSource";
import { applyGroupBy } from "./groupBy";

/** One query of a panel, ready to be sent. */
export interface PanelQuery {
  refId: string;
  kind: "promql" | "logql";
  expr: string;
  legend: string;
  format: Frame["format"];
  instant: boolean;
  startMs: number;
  endMs: number;
  stepMs: number;
  limit: number | null;
  /** Asked for an expression only: its own answer is not shown. */
  hidden: boolean;
  /** Exemplars are wanted beside the series. */
  exemplar: boolean;
}

/** Ad hoc filters in force, by the language they are put into, and the labels that PromQL groups by besides. */
export type AdhocFilters = Partial<Record<"promql" | "logql", AdhocFilter[]>> & { by?: string[] };

export interface CompileContext {
  scope: Scope;
  variables: VariableModel[];
  range: ResolvedRange;
  zone: string;
  /** Width of the panel in CSS pixels: as many points are asked for. */
  width: number;
  /** For panels that show another panel's data. */
  panels: PanelModel[];
  filters?: AdhocFilters;
}

export interface CompiledPanel {
  queries: PanelQuery[];
  /** Computed from the queries' answers. */
  expressions: Expression[];
  /** What could not be asked, for the error mark. */
  problems: string[];
  /** The panel's own range: `timeFrom` and `timeShift` applied. */
  range: ResolvedRange;
  /** "Last 1 hour", "1d ago": shown in the header when the range is not the dashboard's. */
  rangeNote: string | null;
  interval: Interval;
}

/** Lines that a logs panel asks for when its target does not say. */
const DEFAULT_LINES = 1000;
/** What the server gives one query at most. */
const MOST_LINES = 50_000;
/** Panels that have not been measured yet. */
const MIN_WIDTH = 200;

export function compilePanel(panel: PanelModel, context: CompileContext): CompiledPanel {
  const { range, note } = panelRange(panel, context);
  const base: CompiledPanel = {
    queries: [],
    expressions: [],
    problems: [],
    range,
    rangeNote: note,
    interval: intervalOf(panel, null, range, context),
  };
  const targets = sharedTargets(panel, context.panels);
  for (const target of targets) readTargetExpression(target, panel, context, base);
  const needed = neededRefs(base.expressions);
  for (const target of targets) {
    if ((target.hide && !needed.has(target.refId)) || base.expressions.some((e) => e.target === target)) continue;
    const made = compileTarget(target, panel, range, context);
    if (typeof made === "string") {
      if (!base.problems.includes(made)) base.problems.push(made);
    } else if (made) base.queries.push(made);
  }
  return base;
}

function readTargetExpression(target: Target, panel: PanelModel, context: CompileContext, into: CompiledPanel): void {
  const reference = isMixed(target.datasource) ? panel.datasource : (target.datasource ?? panel.datasource);
  if (sourceOf(reference, { ...context, expr: "", panelType: panel.type }) !== "expression") return;
  const raw = typeof target.expression === "string" ? target.expression : "";
  const scope = withInterval(context.scope, into.interval);
  // `$A` is a query, not a variable: names of queries stay as they are.
  const queries = new Set(panel.targets.map((t) => t.refId));
  const text = interpolate(raw, new Map([...scope].filter(([name]) => !queries.has(name))));
  try {
    into.expressions.push(readExpression(target, text));
  } catch (error) {
    if (!target.hide) into.problems.push(`${target.refId}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `-- Dashboard --` means the queries of another panel. */
function sharedTargets(panel: PanelModel, panels: PanelModel[]): Target[] {
  return panel.targets.flatMap((target) => {
    const id = (target as { panelId?: unknown }).panelId;
    const uid = refUid(target.datasource ?? panel.datasource);
    if (uid !== "-- Dashboard --" || typeof id !== "number") return [target];
    const other = panels.flatMap((p) => [p, ...(p.panels ?? [])]).find((p) => p.id === id);
    return (other?.targets ?? []).map((t) => ({ ...t, datasource: t.datasource ?? other?.datasource ?? null }));
  });
}

const refUid = (reference: DataSource) => (typeof reference === "string" ? reference : (reference?.uid ?? ""));

function compileTarget(
  target: Target,
  panel: PanelModel,
  range: ResolvedRange,
  context: CompileContext,
): PanelQuery | string | null {
  const raw = exprOf(target);
  const reference = isMixed(target.datasource) ? panel.datasource : (target.datasource ?? panel.datasource);
  const source = sourceOf(reference, { ...context, expr: raw, panelType: panel.type });
  if (source === "none" || source === "expression") return null;
  if (typeof source === "object") return `The source “${source.unsupported}” is not available in this version.`;
  if (raw.trim() === "") return null;
  const kind = source === "loki" ? "logql" : "promql";
  const interval = intervalOf(panel, target, range, context);
  const scope = withInterval(context.scope, interval);
  const instant = target.instant === true ? target.range !== true : kind === "logql" && target.queryType === "instant";
  const { startMs, endMs } = alignRange(range.fromMs, range.toMs, interval.stepMs);
  const isLog = kind === "logql";
  return {
    refId: target.refId,
    kind,
    expr: filtered(interpolate(raw, scope, kind, context.zone), kind, context.filters),
    legend: interpolate(target.legendFormat ?? "", scope, "text", context.zone),
    format: formatOf(target, panel, kind),
    instant,
    startMs: isLog ? range.fromMs : startMs,
    endMs: instant || isLog ? range.toMs : endMs,
    stepMs: interval.stepMs,
    limit: isLog ? linesOf(target) : null,
    hidden: target.hide === true,
    exemplar: target.exemplar === true && kind === "promql" && !instant,
  };
}

function filtered(expr: string, kind: PanelQuery["kind"], filters: AdhocFilters = {}): string {
  const grouped = kind === "promql" && filters.by ? applyGroupBy(expr, filters.by) : expr;
  return applyFilters(grouped, filters[kind] ?? [], kind);
}

const isMixed = (reference: DataSource) => refUid(reference) === "-- Mixed --" || reference === undefined;

function exprOf(target: Target): string {
  if (typeof target.expr === "string") return target.expr;
  return typeof target.query === "string" ? target.query : "";
}

function linesOf(target: Target): number {
  const lines = Number(target.maxLines);
  return lines > 0 ? Math.min(lines, MOST_LINES) : DEFAULT_LINES;
}

function formatOf(target: Target, panel: PanelModel, kind: "promql" | "logql"): Frame["format"] {
  if (kind === "logql" && panel.type === "logs") return "logs";
  const { format } = target;
  return format === "table" || format === "heatmap" || format === "logs" ? format : "time_series";
}

function intervalOf(panel: PanelModel, target: Target | null, range: ResolvedRange, context: CompileContext): Interval {
  const minimum = interpolate(String(target?.interval || target?.step || panel.interval || ""), context.scope);
  return computeInterval({
    rangeMs: range.toMs - range.fromMs,
    maxDataPoints: panel.maxDataPoints || Math.max(MIN_WIDTH, context.width),
    minStepMs: minimum ? (parseDuration(minimum) ?? undefined) : undefined,
    factor: target?.intervalFactor,
  });
}

function panelRange(panel: PanelModel, context: CompileContext): { range: ResolvedRange; note: string | null } {
  const notes: string[] = [];
  let { fromMs, toMs } = context.range;
  const from = interpolate(panel.timeFrom ?? "", context.scope);
  const options = { nowMs: toMs, zone: context.zone };
  const start = from ? parseTime(from.startsWith("now") ? from : `now-${from}`, options) : null;
  if (start !== null && start < toMs) {
    fromMs = start;
    notes.push(`Last ${from.replace(/^now-/, "")}`);
  }
  const shift = interpolate(panel.timeShift ?? "", context.scope).replace(/^-/, "");
  const shiftMs = shift ? parseDuration(shift) : null;
  if (shiftMs) {
    fromMs -= shiftMs;
    toMs -= shiftMs;
    notes.push(`${shift} earlier`);
  }
  return { range: { fromMs, toMs }, note: notes.length > 0 && !panel.hideTimeOverride ? notes.join(", ") : null };
}
