/** Loads the raw results of variable queries through Prometheus' and Loki's own APIs. */

import type { ResolvedRange } from "../lib/time";
import type { VariableOption } from "../lib/variables/model";
import type { VariableQuery } from "../lib/variables/parseQuery";
import type { SourceKind } from "../lib/variables/resolve";
import { getJson, postForm } from "./client";

interface PrometheusAnswer<T> {
  status: string;
  data: T;
}

const asOptions = (values: string[]): VariableOption[] => values.map((v) => ({ text: v, value: v }));

function window(range: ResolvedRange, source: SourceKind): [string, string][] {
  if (source === "loki") return [["start", `${range.fromMs}000000`], ["end", `${range.toMs}000000`]]; // biome-ignore format: pairs
  return [
    ["start", String(range.fromMs / 1000)],
    ["end", String(range.toMs / 1000)],
  ];
}

/** Options of one query over one range. */
export async function loadOptions(
  query: VariableQuery,
  source: SourceKind,
  range: ResolvedRange,
  signal?: AbortSignal,
): Promise<VariableOption[]> {
  return source === "loki" ? fromLoki(query, range, signal) : fromPrometheus(query, range, signal);
}

async function fromLoki(query: VariableQuery, range: ResolvedRange, signal?: AbortSignal): Promise<VariableOption[]> {
  const params = new URLSearchParams(window(range, "loki"));
  if (query.kind === "labelNames") {
    const answer = await getJson<{ data?: string[] }>(`/loki/api/v1/labels?${params}`, signal);
    return asOptions(answer.data ?? []);
  }
  if (query.kind !== "labelValues") throw new Error("a Loki variable can list labels or the values of one label only");
  if (query.match) params.set("query", query.match);
  const path = `/loki/api/v1/label/${encodeURIComponent(query.label)}/values?${params}`;
  return asOptions((await getJson<{ data?: string[] }>(path, signal)).data ?? []);
}

async function fromPrometheus(
  query: VariableQuery,
  range: ResolvedRange,
  signal?: AbortSignal,
): Promise<VariableOption[]> {
  const params = new URLSearchParams(window(range, "prometheus"));
  switch (query.kind) {
    case "labelNames": {
      if (query.match) params.set("match[]", query.match);
      return asOptions((await postForm<PrometheusAnswer<string[]>>("/api/v1/labels", params, signal)).data);
    }
    case "labelValues": {
      if (query.match) params.set("match[]", query.match);
      const path = `/api/v1/label/${encodeURIComponent(query.label)}/values?${params}`;
      return asOptions((await getJson<PrometheusAnswer<string[]>>(path, signal)).data);
    }
    case "metrics": {
      const path = `/api/v1/label/__name__/values?${params}`;
      const names = (await getJson<PrometheusAnswer<string[]>>(path, signal)).data;
      const pattern = new RegExp(query.pattern || ".*");
      return asOptions(names.filter((name) => pattern.test(name)));
    }
    case "queryResult":
      return queryResult(query.expr, range, signal);
    case "series": {
      params.set("match[]", query.match);
      const answer = await postForm<PrometheusAnswer<Record<string, string>[]>>("/api/v1/series", params, signal);
      return asOptions(answer.data.map(seriesText));
    }
  }
}

interface VectorSample {
  metric: Record<string, string>;
  value: [number, string];
}

/** Each sample as `metric{labels} value timestamp`, which is what the variables' expressions are written against. */
async function queryResult(expr: string, range: ResolvedRange, signal?: AbortSignal): Promise<VariableOption[]> {
  const params = new URLSearchParams({ query: expr, time: String(range.toMs / 1000) });
  type Result = { resultType: string; result: VectorSample[] | [number, string] };
  const { data } = await postForm<PrometheusAnswer<Result>>("/api/v1/query", params, signal);
  if (data.resultType === "scalar" || data.resultType === "string") return asOptions([String(data.result[1])]);
  return (data.result as VectorSample[]).map(({ metric, value: [time, value] }) => {
    const text = `${seriesText(metric)} ${value} ${Math.round(time * 1000)}`;
    return { text, value: text };
  });
}

function seriesText(labels: Record<string, string>): string {
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}="${value}"`);
  return `${name}{${pairs.join(",")}}`;
}
