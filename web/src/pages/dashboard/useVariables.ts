/** Loads a dashboard's variables and keeps them in step with the URL and the time range. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { loadOptions } from "../../api/options";
import { sourceOf, sourcesOfType } from "../../lib/dashboard/dataSource";
import type { DashboardModel } from "../../lib/dashboard/model";
import { builtInScope, withAllVariables } from "../../lib/interpolate/builtIns";
import type { Scope } from "../../lib/interpolate/interpolate";
import { many } from "../../lib/urlSearch";
import { queryText, type VariableModel, type VariableState } from "../../lib/variables/model";
import { type OptionLoader, resolveVariables, type SourceKind, scopeOf } from "../../lib/variables/resolve";
import type { TimeState } from "../../state/timeState";
import { useUrlSearch } from "../../state/urlState";

export interface Variables {
  states: VariableState[];
  scope: Scope | null;
  loading: boolean;
}

/** Options follow the time range in steps of this, not with every refresh. */
const RANGE_STEP_MS = 60_000;

let mounts = 0;

export function useVariables(dashboard: DashboardModel, time: TimeState): Variables {
  const search = useUrlSearch();
  const client = useQueryClient();
  const [mount] = useState(() => ++mounts);
  const { variables: models, uid, title } = dashboard;
  const wanted = useMemo(() => {
    const found = new Map<string, string[]>();
    for (const model of models) {
      const values = many(search, `var-${model.name}`);
      if (values) found.set(model.name, values);
    }
    return found;
  }, [models, search]);
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
  return { states: states ?? [], scope: useStable(scope), loading: isFetching };
}

/** The same object while its content is the same, so that panels are not drawn anew. */
function useStable(scope: Scope | null): Scope | null {
  const key = scope && JSON.stringify([...scope]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is the content
  return useMemo(() => scope, [key]);
}

function followsTime(model: VariableModel): boolean {
  if (model.type !== "query") return false;
  return (
    Number(model.refresh) === 2 ||
    model.refresh === "onTimeRangeChanged" ||
    /\$\{?__(range|from|to)/.test(queryText(model))
  );
}

function variableSource(model: VariableModel, models: VariableModel[], scope: Scope): SourceKind {
  const source = sourceOf(model.datasource, { variables: models, scope, expr: queryText(model) });
  if (typeof source === "object")
    throw new Error(`this variable reads from “${source.unsupported}”, which Pharos does not offer`);
  const isLokiForm = typeof model.query === "object" && model.query !== null && "stream" in model.query;
  return source === "loki" || isLokiForm ? "loki" : "prometheus";
}
