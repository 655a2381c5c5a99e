/** Loads a dashboard's variables and keeps them in step with the URL and the time range. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import { loadOptions } from "../../api/options";
import { parseFilters, readFilters } from "../../lib/dashboard/adhoc";
import type { AdhocFilters } from "../../lib/dashboard/compile";
import { sourceOf, sourcesOfType } from "../../lib/dashboard/dataSource";
import type { DashboardModel } from "../../lib/dashboard/model";
import { builtInScope, withAllVariables } from "../../lib/interpolate/builtIns";
import type { Scope } from "../../lib/interpolate/interpolate";
import { many } from "../../lib/urlSearch";
import { queryText, type VariableModel, type VariableState } from "../../lib/variables/model";
import { type OptionLoader, resolveVariables, type SourceKind, scopeOf } from "../../lib/variables/resolve";
import { runRegex } from "../../lib/variables/runRegex";
import type { TimeState } from "../../state/timeState";
import { type Patch, usePatchUrl, useUrlSearch } from "../../state/urlState";

export interface Variables {
  states: VariableState[];
  scope: Scope | null;
  /** Ad hoc filters in force. */
  filters: AdhocFilters;
  loading: boolean;
  /** Selects values: in the URL, or on this page alone where the file asks for that. */
  set: (model: VariableModel, values: string[]) => void;
  /** Back to what the file says; null while nothing differs from it. */
  reset: (() => void) | null;
}

/** Options follow the time range in steps of this, not with every refresh. */
const RANGE_STEP_MS = 60_000;

let mounts = 0;

export function useVariables(dashboard: DashboardModel, time: TimeState): Variables {
  const search = useUrlSearch();
  const client = useQueryClient();
  const [mount] = useState(() => ++mounts);
  const { variables: models, uid, title } = dashboard;
  const [local, setLocal] = useState<ReadonlyMap<string, string[]>>(new Map());
  const wanted = useMemo(() => {
    const found = new Map<string, string[]>();
    for (const model of models) {
      const values = model.skipUrlSync ? local.get(model.name) : many(search, `var-${model.name}`);
      if (values) found.set(model.name, values);
    }
    return found;
  }, [models, search, local]);
  const trusted = useChanged(wanted);
  const rounded = useMemo(
    () => ({
      fromMs: Math.floor(time.range.fromMs / RANGE_STEP_MS) * RANGE_STEP_MS,
      toMs: Math.ceil(time.range.toMs / RANGE_STEP_MS) * RANGE_STEP_MS,
    }),
    [time.range],
  );
  const builtIns = builtInScope(time.range, time.raw, time.zone, { uid, title });
  const follows = models.some((m) => followsTime(m));

  const load: OptionLoader = (query, source, model) =>
    client.fetchQuery({
      queryKey: ["options", source, query, followsTime(model) ? rounded : mount],
      queryFn: ({ signal }) => loadOptions(query, source, rounded, signal),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 120_000,
    });

  const { data, isFetching } = useQuery({
    queryKey: ["variables", uid, mount, [...wanted], follows ? rounded : null],
    queryFn: () =>
      resolveVariables({
        models,
        wanted,
        trusted,
        runRegex,
        range: rounded,
        builtIns: builtInScope(rounded, time.raw, time.zone, { uid, title }),
        load,
        sourceOf: (model, scope) => variableSource(model, models, scope),
        sources: sourcesOfType,
      }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    enabled: models.length > 0,
  });
  const states = models.length === 0 ? [] : data;
  const scope = states ? withAllVariables(scopeOf(states, builtIns, time.range), search) : null;
  const filters = useStable(states ? filtersOf(states, models, builtIns) : NO_FILTERS);
  const actions = useActions(models, wanted, setLocal);
  return { states: states ?? [], scope: useStable(scope), filters, loading: isFetching, ...actions };
}

const NO_FILTERS: AdhocFilters = {};

function useActions(
  models: VariableModel[],
  wanted: ReadonlyMap<string, string[]>,
  setLocal: (change: (old: ReadonlyMap<string, string[]>) => ReadonlyMap<string, string[]>) => void,
): Pick<Variables, "set" | "reset"> {
  const patch = usePatchUrl();
  const set = useCallback(
    (model: VariableModel, values: string[]) => {
      if (model.skipUrlSync) setLocal((old) => new Map([...old, [model.name, values]]));
      else patch({ [`var-${model.name}`]: values.length === 1 ? (values[0] ?? "") : values.length > 0 ? values : "" });
    },
    [patch, setLocal],
  );
  const reset = useMemo(() => {
    if (wanted.size === 0) return null;
    return () => {
      setLocal(() => new Map());
      patch(Object.fromEntries(models.map((m) => [`var-${m.name}`, undefined])) as Patch);
    };
  }, [wanted, models, patch, setLocal]);
  return { set, reset };
}

/** Names whose value is another than at the last look: what was just chosen, and at first all that the link names. */
function useChanged(wanted: ReadonlyMap<string, string[]>): ReadonlySet<string> {
  const last = useRef<{ wanted: ReadonlyMap<string, string[]>; changed: ReadonlySet<string> } | null>(null);
  if (last.current?.wanted !== wanted) {
    const before = last.current?.wanted;
    const differs = ([name, values]: [string, string[]]) =>
      JSON.stringify(before?.get(name)) !== JSON.stringify(values);
    last.current = { wanted, changed: new Set([...wanted].filter(differs).map(([name]) => name)) };
  }
  return last.current.changed;
}

/** The filters of all ad hoc variables, by the language of their source. */
function filtersOf(states: VariableState[], models: VariableModel[], scope: Scope): AdhocFilters {
  const filters: AdhocFilters = {};
  for (const { model, selected } of states) {
    if (model.type === "groupby" && selected.length > 0) filters.by = [...(filters.by ?? []), ...selected];
    if (model.type !== "adhoc") continue;
    const language = variableSource(model, models, scope) === "loki" ? "logql" : "promql";
    const all = [...readFilters(model.baseFilters), ...parseFilters(selected)].filter((f) => f.value !== "");
    filters[language] = [...(filters[language] ?? []), ...all];
  }
  return filters;
}

/** The same object while its content is the same, so that panels are not drawn anew. */
function useStable<T extends Scope | AdhocFilters | null>(value: T): T {
  const key = value && JSON.stringify(value instanceof Map ? [...value] : value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is the content
  return useMemo(() => value, [key]);
}

function followsTime(model: VariableModel): boolean {
  if (model.type !== "query") return model.type === "groupby";
  return (
    Number(model.refresh) === 2 ||
    model.refresh === "onTimeRangeChanged" ||
    /\$\{?__(range|from|to)/.test(queryText(model))
  );
}

export function variableSource(model: VariableModel, models: VariableModel[], scope: Scope): SourceKind {
  const source = sourceOf(model.datasource, { variables: models, scope, expr: queryText(model) });
  if (typeof source === "object")
    throw new Error(`this variable reads from “${source.unsupported}”, which is not available in this version`);
  const isLokiForm = typeof model.query === "object" && model.query !== null && "stream" in model.query;
  return source === "loki" || isLokiForm ? "loki" : "prometheus";
}
