/** Applying a panel's field configuration: defaults, overrides, ranges, names and display functions. */

import type { ThemeName } from "./colors";
import type { DataFrame, Field, FieldConfig, FieldState } from "./dataFrame";
import { type ContextVariables, replaceContext } from "./fieldConfig/contextVariables";
import { displayProcessor } from "./fieldConfig/display";
import { fieldDisplayName } from "./fieldConfig/displayName";
import { currentMapping } from "./fieldConfig/mappings";
import { type FieldMatcher, fieldMatcher } from "./fieldConfig/matchers";
import { sortedSteps } from "./fieldConfig/thresholds";
import { reduceField } from "./reduce";

export { type ContextVariables, replaceContext } from "./fieldConfig/contextVariables";
export { colorScale, displayProcessor, fieldRange, numberOf, seriesColor } from "./fieldConfig/display";
export { fieldDisplayName, labelsText } from "./fieldConfig/displayName";

export interface FieldConfigSource {
  defaults: FieldConfig & Record<string, unknown>;
  overrides: readonly {
    matcher: { id: string; options?: unknown };
    properties: readonly { id: string; value?: unknown }[];
  }[];
}

export interface FieldContext {
  theme: ThemeName;
  timeZone?: string;
  /** Replaces the dashboard's variables. */
  interpolate?: (text: string) => string;
}

interface Rule {
  match: FieldMatcher;
  properties: readonly { id: string; value?: unknown }[];
}

/** Frames as panels draw them; the given ones stay as they are. */
export function applyFieldConfig(
  frames: readonly DataFrame[],
  source: FieldConfigSource | undefined,
  context: FieldContext,
): DataFrame[] {
  const rules = rulesOf(source);
  const globalRange = lazyRange(frames);
  let seriesIndex = 0;
  const results = frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const config = withDefaults(field.config, source?.defaults);
      const draft: Field = { ...field, config, state: undefined };
      for (const rule of rules) {
        if (rule.match(field, frame, frames)) {
          applyProperties(config, rule.properties);
        }
      }
      finishConfig(config);
      draft.state = { seriesIndex, range: rangeOf(draft, globalRange) };
      if (draft.type !== "time") {
        seriesIndex += 1;
      }
      return draft;
    }),
  }));
  for (const frame of results) {
    nameFields(frame, results, context);
    frame.fields = frame.fields.map((field) =>
      field.type === "nestedFrames" ? inside(field, source, context) : field,
    );
  }
  return results;
}

/** Tables within a table's rows wear the same configuration. */
function inside(field: Field, source: FieldConfigSource | undefined, context: FieldContext): Field {
  const tables = field.values as (readonly DataFrame[])[];
  return { ...field, values: tables.map((frames) => applyFieldConfig(frames ?? [], source, context)) };
}

function nameFields(frame: DataFrame, frames: readonly DataFrame[], context: FieldContext): void {
  for (const field of frame.fields) {
    const title = field.config.displayName;
    if (title?.includes("$")) {
      const filled = replaceContext(title, fieldVariables(field, frame, frames));
      field.config.displayName = context.interpolate?.(filled) ?? filled;
    }
    field.state = { ...field.state, displayName: fieldDisplayName(field, frame, frames) };
  }
  for (const field of frame.fields) {
    field.display = displayProcessor(field, context);
  }
}

/** What `${__field.name}` and its kin stand for in titles and links. */
export function fieldVariables(field: Field, frame: DataFrame, frames: readonly DataFrame[]): ContextVariables {
  return (variable) => {
    switch (variable) {
      case "__field.name":
        return field.name;
      case "__series.name":
      case "__series_name":
      case "__field.displayName":
        return untitledName(field, frame, frames);
      default: {
        const label = variable.startsWith("__field.labels.") ? variable.slice("__field.labels.".length) : undefined;
        const cell = /^__cell_(\d+)$/.exec(variable)?.[1];
        return label === undefined
          ? cell && String(frame.fields[Number(cell)]?.values[0] ?? "")
          : (field.labels?.[label] ?? "");
      }
    }
  };
}

/** The name without the title that is just being made. */
function untitledName(field: Field, frame: DataFrame, frames: readonly DataFrame[]): string {
  const config = { ...field.config, displayName: undefined };
  return fieldDisplayName({ ...field, config, state: undefined }, frame, frames);
}

function rulesOf(source: FieldConfigSource | undefined): Rule[] {
  return (source?.overrides ?? []).flatMap(({ matcher, properties }) => {
    const match = fieldMatcher(matcher?.id, matcher?.options);
    return match ? [{ match, properties: properties ?? [] }] : [];
  });
}

/** What the query said wins over the panel's defaults. */
function withDefaults(own: FieldConfig, defaults: FieldConfigSource["defaults"] | undefined): FieldConfig {
  const known = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined && value !== null));
  return { ...defaults, ...known, custom: structuredClone({ ...defaults?.custom, ...own.custom }) };
}

/** Keys that would reach an object's prototype. */
const FORBIDDEN = new Set(["__proto__", "prototype", "constructor"]);

function applyProperties(config: FieldConfig, properties: Rule["properties"]): void {
  for (const { id, value } of properties) {
    const path = id.split(".");
    if (path.some((key) => FORBIDDEN.has(key))) {
      continue;
    }
    let target = config as Record<string, unknown>;
    for (const key of path.slice(0, -1)) {
      const inner = target[key];
      target[key] = typeof inner === "object" && inner !== null ? { ...inner } : {};
      target = target[key] as Record<string, unknown>;
    }
    target[path[path.length - 1] as string] = value;
  }
}

/** Options that must be of one kind: a file that has another there means nothing. */
const KINDS: Record<string, (value: unknown) => boolean> = {
  unit: isText,
  displayName: isText,
  displayNameFromDS: isText,
  noValue: (value) => isText(value) || typeof value === "number",
  color: isObject,
  thresholds: (value) => isObject(value) && Array.isArray((value as { steps?: unknown }).steps),
  mappings: Array.isArray,
  links: Array.isArray,
  actions: Array.isArray,
};

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Files write numbers as texts and steps in any order; what is of no use is left out. */
function finishConfig(config: FieldConfig): void {
  const loose = config as Record<string, unknown>;
  for (const [key, fits] of Object.entries(KINDS)) {
    if (loose[key] !== undefined && !fits(loose[key])) {
      loose[key] = undefined;
    }
  }
  for (const key of ["mappings", "links", "actions"] as const) {
    loose[key] = (loose[key] as unknown[] | undefined)?.filter(isObject);
  }
  config.mappings = config.mappings?.map(currentMapping);
  config.noValue = config.noValue === undefined ? undefined : String(config.noValue);
  for (const key of ["min", "max", "decimals"] as const) {
    const value: unknown = config[key];
    if (typeof value === "string") {
      const number = Number(value);
      config[key] = value.trim() === "" || Number.isNaN(number) ? undefined : number;
    }
  }
  if (config.thresholds) {
    config.thresholds = { ...config.thresholds, steps: sortedSteps(config.thresholds.steps.filter(isObject)) };
  }
}

type Range = NonNullable<FieldState["range"]>;

/** The bounds of all numeric fields together, calculated at most once. */
function lazyRange(frames: readonly DataFrame[]): () => Range {
  let range: Range | undefined;
  return () => {
    range ??= bounds(frames.flatMap((frame) => frame.fields));
    return range;
  };
}

function bounds(fields: readonly Field[]): Range {
  let min: number | null = null;
  let max: number | null = null;
  for (const field of fields) {
    if (field.type !== "number") {
      continue;
    }
    const calcs = reduceField(field, ["min", "max"]) as { min: number | null; max: number | null };
    min = calcs.min !== null && (min === null || calcs.min < min) ? calcs.min : min;
    max = calcs.max !== null && (max === null || calcs.max > max) ? calcs.max : max;
  }
  return { min, max, delta: (max ?? 0) - (min ?? 0) };
}

function rangeOf(field: Field, globalRange: () => Range): Range | undefined {
  if (field.type !== "number") {
    return undefined;
  }
  const { min, max, fieldMinMax } = field.config;
  if (typeof min === "number" && typeof max === "number") {
    return { min, max, delta: max - min };
  }
  const found = fieldMinMax ? bounds([field]) : globalRange();
  const [low, high] = [min ?? found.min, max ?? found.max];
  return { min: low, max: high, delta: (high ?? 0) - (low ?? 0) };
}
