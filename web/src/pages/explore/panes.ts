/** Explore's addresses as Grafana writes them: `panes={…}` of today, `left=…` of before. */

import { one, type Search } from "../../lib/urlSearch";

export interface Pane {
  kind: "promql" | "logql";
  expr: string;
  from: string;
  to: string;
}

type Json = Record<string, unknown>;
const record = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What the first pane asks; null where the address names none. */
export function readPanes(search: Search): Pane | null {
  const panes = parsed(one(search, "panes"));
  const first = panes ? Object.values(record(panes))[0] : parsed(one(search, "left"));
  if (!first) return null;
  const { queries, range, datasource } = Array.isArray(first) ? fromList(first) : record(first);
  const [query] = (Array.isArray(queries) ? queries : []).map(record).filter((q) => exprOf(q) !== "");
  const { from, to } = record(range);
  const expr = query ? exprOf(query) : "";
  const source = query?.datasource ?? datasource;
  const type = typeof source === "object" ? text(record(source).type) || text(record(source).uid) : text(source);
  const isLogs = /loki|logs/i.test(type) || (type === "" && /^\s*\{/.test(expr));
  return { kind: isLogs ? "logql" : "promql", expr, from: text(from) || "now-1h", to: text(to) || "now" };
}

const exprOf = (query: Json): string => text(query.expr) || text(query.query);

function parsed(value: string | undefined): unknown {
  try {
    return value ? JSON.parse(value) : null;
  } catch {
    return null;
  }
}

/** The oldest form: `["now-1h","now","Loki",{"expr":"…"}]`. */
function fromList([from, to, datasource, ...rest]: unknown[]): Json {
  return { range: { from, to }, datasource, queries: rest };
}
