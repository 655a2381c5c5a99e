/** Alerts of rules as a list shows them. */

import { numberOption } from "../options";
import type { PanelModel } from "../types";

/** What `/api/v1/rules` answers, as far as it is shown. */
export interface RulesAnswer {
  data?: { groups?: { name?: string; rules?: RuleAnswer[] }[] };
}

interface RuleAnswer {
  type?: string;
  name?: string;
  state?: string;
  health?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  alerts?: {
    state?: string;
    activeAt?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  }[];
}

export type AlertState = "firing" | "pending" | "normal" | "error";

export interface ListedAlert {
  name: string;
  group: string;
  state: AlertState;
  labels: Record<string, string>;
  summary: string;
  sinceMs: number | undefined;
}

const ORDER: Record<AlertState, number> = { firing: 0, error: 1, pending: 2, normal: 3 };
const MAX_ITEMS = 1000;

/** Every active alert, and the rules without one where those are wanted. */
export function listedAlerts(answer: RulesAnswer | undefined, panel: PanelModel): ListedAlert[] {
  const options = panel.options ?? {};
  const states = statesOf(options.stateFilter);
  const name = String(options.alertName ?? "").toLowerCase();
  const matchers = matchersOf(String(options.alertInstanceLabelFilter ?? ""));
  const all = (answer?.data?.groups ?? []).flatMap((group) =>
    (group.rules ?? []).filter(({ type }) => type !== "recording").flatMap((rule) => alertsOf(rule, group.name ?? "")),
  );
  const found = all
    .filter((alert) => states.has(alert.state) && alert.name.toLowerCase().includes(name))
    .filter(({ labels }) => matchers.every((matches) => matches(labels)));
  const limit = Math.min(MAX_ITEMS, Math.max(1, numberOption(options, "maxItems") ?? 20));
  return found.sort(comparer(Number(options.sortOrder ?? 1))).slice(0, limit);
}

function alertsOf(rule: RuleAnswer, group: string): ListedAlert[] {
  const name = rule.name ?? "";
  const active = (rule.alerts ?? []).map((alert): ListedAlert => {
    const since = Date.parse(alert.activeAt ?? "");
    return {
      name,
      group,
      state: alert.state === "pending" ? "pending" : "firing",
      labels: alert.labels ?? {},
      summary: alert.annotations?.summary ?? alert.annotations?.description ?? "",
      sinceMs: Number.isNaN(since) ? undefined : since,
    };
  });
  if (active.length > 0) {
    return active;
  }
  const state: AlertState = rule.health === "err" ? "error" : "normal";
  return [
    { name, group, state, labels: rule.labels ?? {}, summary: rule.annotations?.summary ?? "", sinceMs: undefined },
  ];
}

function statesOf(given: unknown): Set<AlertState> {
  const filter = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const wanted = (["firing", "pending", "normal", "error"] as const).filter((state) =>
    filter[state] === undefined ? state !== "normal" : filter[state] === true,
  );
  return new Set(wanted);
}

/** 1 name, 2 name backwards, 3 state, 4 and 5 by time. */
function comparer(order: number): (a: ListedAlert, b: ListedAlert) => number {
  const byName = (a: ListedAlert, b: ListedAlert) => a.name.localeCompare(b.name, undefined, { numeric: true });
  switch (order) {
    case 2:
      return (a, b) => byName(b, a);
    case 3:
      return (a, b) => ORDER[a.state] - ORDER[b.state] || byName(a, b);
    case 4:
      return (a, b) => (a.sinceMs ?? 0) - (b.sinceMs ?? 0);
    case 5:
      return (a, b) => (b.sinceMs ?? 0) - (a.sinceMs ?? 0);
    default:
      return byName;
  }
}

const MATCHER = /([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;

/** `{a="x", b=~"y.*"}`, with or without braces. Expressions that are none match nothing. */
export function matchersOf(text: string): ((labels: Record<string, string>) => boolean)[] {
  return [...text.matchAll(MATCHER)].map(([, label = "", operator, value = ""]) => {
    if (operator === "=" || operator === "!=") {
      return (labels) => ((labels[label] ?? "") === value) === (operator === "=");
    }
    try {
      const regex = new RegExp(`^(?:${value})$`);
      return (labels) => regex.test(labels[label] ?? "") === (operator === "=~");
    } catch {
      return () => false;
    }
  });
}
