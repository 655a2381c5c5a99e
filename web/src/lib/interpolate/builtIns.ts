/** Variables that every dashboard has: `$__range`, `$__from`, `$__interval` and their like. */

import { formatIntervalFloor } from "../duration";
import type { Interval } from "../interval";
import type { RawRange, ResolvedRange } from "../time";
import { type Scope, single, type Value } from "./interpolate";

export interface DashboardNames {
  uid: string;
  title: string;
}

export function builtInScope(range: ResolvedRange, raw: RawRange, zone: string, dashboard?: DashboardNames): Scope {
  const rangeMs = range.toMs - range.fromMs;
  const scope = new Map<string, Value>([
    ["__from", single(String(range.fromMs))],
    ["__to", single(String(range.toMs))],
    ["__range", single(`${Math.max(1, Math.round(rangeMs / 1000))}s`)],
    ["__range_s", single(String(Math.max(1, Math.round(rangeMs / 1000))))],
    ["__range_ms", single(String(rangeMs))],
    ["__timezone", single(zone)],
    ["__url_time_range", single(`from=${encodeURIComponent(raw.from)}&to=${encodeURIComponent(raw.to)}`)],
    ["__org", single("1")],
  ]);
  if (dashboard) scope.set("__dashboard", single(dashboard.title));
  return scope;
}

/** Adds what depends on a panel's step. */
export function withInterval(scope: Scope, interval: Interval): Scope {
  const next = new Map(scope);
  next.set("__interval", single(interval.interval));
  next.set("__interval_ms", single(String(interval.stepMs)));
  next.set("__rate_interval", single(interval.rateInterval));
  next.set("__rate_interval_ms", single(String(interval.rateIntervalMs)));
  // Loki's name for a range that follows the step.
  next.set("__auto", single(formatIntervalFloor(interval.stepMs)));
  return next;
}

/** Adds `${__all_variables}`: every variable as it would stand in the URL. */
export function withAllVariables(scope: Scope, search: Record<string, string | string[]>): Scope {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (!key.startsWith("var-")) continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(key, item);
  }
  return new Map(scope).set("__all_variables", single(params.toString()));
}
