/** Which of Pharos' sources a dashboard means: files name data sources of other installations. */

import type { DataSourceRef } from "../../panels/types";
import { interpolate, type Scope } from "../interpolate/interpolate";
import type { VariableModel, VariableOption } from "../variables/model";
import type { SourceKind } from "../variables/resolve";

export type Source = SourceKind | "none" | "expression" | { unsupported: string };

export type DataSource = DataSourceRef | string | null | undefined;

const BY_TYPE: Record<string, Source> = {
  prometheus: "prometheus",
  "grafana-amazonprometheus-datasource": "prometheus",
  "grafana-azureprometheus-datasource": "prometheus",
  "victoriametrics-datasource": "prometheus",
  "victoriametrics-metrics-datasource": "prometheus",
  loki: "loki",
  __expr__: "expression",
  grafana: "none",
  datasource: "none",
  "-- grafana --": "none",
  "-- dashboard --": "none",
};

/** The sources that variables of type `datasource` choose from. */
export function sourcesOfType(type: string): VariableOption[] {
  const kind = BY_TYPE[type];
  if (kind === "prometheus") return [{ text: "Pharos metrics", value: "pharos-metrics" }];
  if (kind === "loki") return [{ text: "Pharos logs", value: "pharos-logs" }];
  return [];
}

export interface SourceContext {
  variables: VariableModel[];
  scope: Scope;
  /** For references that say nothing: what the query itself looks like. */
  expr: string;
  panelType?: string;
}

export function sourceOf(reference: DataSource, context: SourceContext): Source {
  const { type, uid } = typeof reference === "string" ? { type: "", uid: reference } : (reference ?? {});
  if (type && type in BY_TYPE) return BY_TYPE[type] ?? "none";
  const variable = /^\$\{?(\w+)(?::\w+)?\}?$|^\[\[(\w+)\]\]$/.exec(uid ?? "");
  if (variable) {
    const model = context.variables.find((v) => v.name === (variable[1] ?? variable[2]) && v.type === "datasource");
    const kind = BY_TYPE[String(model?.query ?? "")];
    if (kind) return kind;
  }
  if (type && !isGeneric(type)) return { unsupported: type };
  return fromName(interpolate(uid ?? "", context.scope), context);
}

const isGeneric = (type: string) => type === "" || type === "mixed" || type.startsWith("$");

function fromName(name: string, context: SourceContext): Source {
  if (/loki|pharos-logs/i.test(name)) return "loki";
  if (/prom|mimir|thanos|victoria|cortex|pharos-metrics/i.test(name)) return "prometheus";
  if (name === "-- Grafana --" || name === "grafana") return "none";
  if (name === "__expr__") return "expression";
  return looksLikeLogql(context) ? "loki" : "prometheus";
}

function looksLikeLogql({ expr, panelType }: SourceContext): boolean {
  if (panelType === "logs") return true;
  return /\}\s*\|[=~>]|\}\s*!=\s*["`]|\}\s*\|\s*(json|logfmt|pattern|regexp|unpack|line_format|label_format)\b/.test(
    expr,
  );
}
