/** Loads the variables of a dashboard in the order in which they depend on each other. */

import { formatFilters, readFilters } from "../dashboard/adhoc";
import { interpolate, referredNames, type Scope, single, type Value } from "../interpolate/interpolate";
import type { ResolvedRange } from "../time";
import {
  ALL,
  AUTO,
  asStrings,
  isAll,
  queryText,
  type VariableModel,
  type VariableOption,
  type VariableState,
} from "./model";
import {
  applyRegex,
  autoInterval,
  customOptions,
  intervalOptions,
  jsonOptions,
  settleSelection,
  sortOptions,
  switchOptions,
  toRegex,
  withStatic,
} from "./options";
import { parseVariableQuery, type VariableQuery } from "./parseQuery";

export type SourceKind = "prometheus" | "loki";

/** Asks the server for the raw results of a variable's query. */
export type OptionLoader = (
  query: VariableQuery,
  source: SourceKind,
  model: VariableModel,
) => Promise<VariableOption[]>;

export interface ResolveInput {
  models: VariableModel[];
  /** What the URL says, by variable name. */
  wanted: ReadonlyMap<string, string[]>;
  /** Those of them that were just chosen, or stood in the link: they hold without an option like them. */
  trusted?: ReadonlySet<string>;
  range: ResolvedRange;
  /** `$__range`, `$__from` and their like. */
  builtIns: Scope;
  load: OptionLoader;
  sourceOf: (model: VariableModel, scope: Scope) => SourceKind;
  /** Data sources for variables of type `datasource`. */
  sources: (type: string) => VariableOption[];
  /** Applies a regular expression somewhere where it may take its time. */
  runRegex?: (raw: VariableOption[], regex: string) => Promise<VariableOption[]>;
}

/** States in the file's order. A variable whose query fails keeps its selection and carries the error. */
export async function resolveVariables(input: ResolveInput): Promise<VariableState[]> {
  const scope = new Map<string, Value>(input.builtIns);
  const done = new Map<string, VariableState>();
  for (const level of dependencyLevels(input.models)) {
    const states = await Promise.all(level.map((model) => resolveOne(model, scope, input)));
    for (const state of states) {
      done.set(state.model.name, state);
      if (state.model.type !== "adhoc") scope.set(state.model.name, selectedValue(state, input.range));
    }
  }
  return input.models.flatMap((model) => done.get(model.name) ?? []);
}

/** Variables in groups; each group needs only earlier ones. A cycle is broken in the file's order. */
export function dependencyLevels(models: VariableModel[]): VariableModel[][] {
  const names = new Set(models.map((m) => m.name));
  const waiting = new Map(models.map((m) => [m, dependencies(m, names)]));
  const levels: VariableModel[][] = [];
  while (waiting.size > 0) {
    const pending = new Set([...waiting.keys()].map((m) => m.name));
    let ready = [...waiting].filter(([, needs]) => ![...needs].some((n) => pending.has(n))).map(([m]) => m);
    if (ready.length === 0) ready = [...waiting.keys()].slice(0, 1);
    for (const model of ready) waiting.delete(model);
    levels.push(ready);
  }
  return levels;
}

function dependencies(model: VariableModel, names: Set<string>): Set<string> {
  const source = typeof model.datasource === "string" ? model.datasource : (model.datasource?.uid ?? "");
  const needs = referredNames([queryText(model), model.regex ?? "", source].join("\n"));
  needs.delete(model.name);
  return new Set([...needs].filter((n) => names.has(n)));
}

async function resolveOne(model: VariableModel, scope: Scope, input: ResolveInput): Promise<VariableState> {
  const wanted = input.wanted.get(model.name) ?? asStrings(model.current?.value);
  try {
    const options = await loadOptions(model, scope, input);
    if (model.type === "textbox") return { model, options, selected: [textboxValue(model, input)], error: null };
    // Filters are their own values: nothing is chosen from a list.
    if (model.type === "adhoc") {
      const selected = input.wanted.get(model.name) ?? formatFilters(readFilters(model.filters));
      return { model, options, selected, error: null };
    }
    // Nothing chosen means no further grouping.
    if (model.type === "groupby") return { model, options, selected: wanted.filter((v) => v !== ""), error: null };
    const trusted = input.trusted?.has(model.name) ?? false;
    return { model, options, selected: settleSelection(model, options, wanted, trusted), error: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { model, options: [], selected: wanted, error: message };
  }
}

function textboxValue(model: VariableModel, input: ResolveInput): string {
  return (input.wanted.get(model.name) ?? asStrings(model.current?.value))[0] ?? queryText(model);
}

async function loadOptions(model: VariableModel, scope: Scope, input: ResolveInput): Promise<VariableOption[]> {
  const text = queryText(model);
  switch (model.type) {
    case "custom":
      return model.valuesFormat === "json"
        ? jsonOptions(interpolate(text, scope))
        : customOptions(interpolate(text, scope));
    case "interval":
      return intervalOptions(model, text);
    case "constant":
      return [{ text, value: text }];
    case "switch":
      return switchOptions(model);
    case "textbox":
    case "adhoc":
      return [];
    case "groupby":
      return input.load({ kind: "labelNames", match: null }, input.sourceOf(model, scope), model);
    case "datasource":
      return sourceOptions(model, input.sources(text));
    case "query": {
      const source = input.sourceOf(model, scope);
      const query = interpolate(text, scope, source === "loki" ? "logql" : "promql");
      if (query.trim() === "") return withStatic(model, storedOptions(model));
      const raw = await input.load(parseVariableQuery(query), source, model);
      const regex = interpolate(model.regex ?? "", scope, "regex");
      const found = await (input.runRegex ?? applyRegex)(raw, regex);
      return withStatic(model, sortOptions(found, model.sort));
    }
    default:
      return storedOptions(model);
  }
}

/** A filter that fits none of the sources is ignored: names come from another installation. */
function sourceOptions(model: VariableModel, sources: VariableOption[]): VariableOption[] {
  const pattern = model.regex ? toRegex(model.regex) : null;
  const kept = pattern ? sources.filter((s) => pattern.test(s.text)) : sources;
  return kept.length > 0 ? kept : sources;
}

function storedOptions(model: VariableModel): VariableOption[] {
  return (model.options ?? [])
    .map((o) => ({ text: String(o.text ?? o.value ?? ""), value: String(o.value ?? o.text ?? "") }))
    .filter((o) => o.value !== ALL);
}

/** What the variable's name stands for in texts. */
export function selectedValue(state: VariableState, range: ResolvedRange): Value {
  const { model, options, selected } = state;
  const multi = Boolean(model.multi || model.includeAll || model.type === "groupby");
  if (isAll(selected)) {
    if (model.allValue) return { values: [model.allValue], text: "All", multi, verbatim: true };
    return { values: options.map((o) => o.value), text: "All", multi };
  }
  if (model.type === "interval" && selected[0] === AUTO)
    return single(autoInterval(model, range.toMs - range.fromMs), "auto");
  const textOf = (value: string) => options.find((o) => o.value === value)?.text ?? value;
  return { values: selected, text: selected.map(textOf).join(" + "), multi };
}

export function scopeOf(states: VariableState[], builtIns: Scope, range: ResolvedRange): Scope {
  const scope = new Map<string, Value>(builtIns);
  for (const state of states) {
    // Filters go into the queries by themselves.
    if (state.model.type !== "adhoc") scope.set(state.model.name, selectedValue(state, range));
  }
  return scope;
}
