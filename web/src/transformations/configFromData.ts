/** configFromData: the answer of one query configures the columns of the others: unit, bounds, thresholds, mappings. */

import type { DataFrame, Field, FieldConfig, MappingResult, ThresholdStep } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { reduceBy } from "../lib/reduce";
import type { Transform } from "./types";

export interface ConfigMapping {
  fieldName: string;
  /** What the column means; null ignores it. Without a mapping it is found by the column's name. */
  handlerKey?: string | null;
  reducerId?: string;
  handlerArguments?: { threshold?: { color?: string } };
}

/** Names of columns that speak for themselves. */
const BY_NAME: Record<string, string> = {
  max: "max",
  min: "min",
  unit: "unit",
  decimals: "decimals",
  displayname: "displayName",
  name: "displayName",
  color: "color",
  threshold1: "threshold1",
  nodata: "noValue",
  novalue: "noValue",
};

export const configFromData: Transform = (frames, options) => {
  const refId = options.configRefId;
  const source = frames.find((frame) => frame.refId === refId);
  if (source === undefined) {
    return frames;
  }
  const given = (options.applyTo ?? {}) as { id?: string; options?: unknown };
  const matches = fieldMatcher(given.id ?? "numeric", given.options);
  const config = configOf(source, (options.mappings ?? []) as ConfigMapping[]);
  return frames
    .filter((frame) => frame.refId !== refId)
    .map((frame) => ({
      ...frame,
      fields: frame.fields.map((field) =>
        matches?.(field, frame, frames)
          ? { ...field, state: undefined, config: { ...field.config, ...config } }
          : field,
      ),
    }));
};

function configOf(source: DataFrame, mappings: readonly ConfigMapping[]): FieldConfig {
  const config: FieldConfig = {};
  const values: Record<string, readonly unknown[]> = {};
  for (const field of source.fields) {
    const name = fieldDisplayName(field, source);
    const mapping = mappings.find(({ fieldName }) => fieldName === name || fieldName === field.name);
    const key = handlerKey(name, mapping);
    if (key?.startsWith("mappings.")) {
      values[key.slice("mappings.".length)] = field.values;
    } else if (key) {
      applyConfigValue(config, key, reduceBy(field, mapping?.reducerId ?? "lastNotNull"), mapping);
    }
  }
  return values.value ? { ...config, mappings: [valueMappings(values)] } : config;
}

/** The handler chosen for a column, or the one its name suggests; undefined for none. */
export function handlerKey(name: string, mapping: ConfigMapping | undefined): string | undefined {
  if (mapping && mapping.handlerKey !== undefined) {
    return mapping.handlerKey === "__ignore" ? undefined : (mapping.handlerKey ?? undefined);
  }
  return BY_NAME[name.toLowerCase()];
}

/** Writes one value into a configuration; values of the wrong kind are left out. */
export function applyConfigValue(config: FieldConfig, key: string, value: unknown, mapping?: ConfigMapping): void {
  const number = value === null || value === undefined || value === "" ? Number.NaN : Number(value);
  switch (key) {
    case "max":
    case "min":
    case "decimals":
      if (Number.isFinite(number)) {
        config[key] = number;
      }
      break;
    case "unit":
    case "displayName":
    case "noValue":
      if (value !== null && value !== undefined) {
        config[key] = String(value);
      }
      break;
    case "color":
      config.color = { mode: "fixed", fixedColor: String(value ?? "") };
      break;
    default:
      if (key.startsWith("threshold") && Number.isFinite(number)) {
        const color = mapping?.handlerArguments?.threshold?.color ?? "red";
        config.thresholds = { mode: "absolute", steps: withStep(config.thresholds?.steps, { value: number, color }) };
      }
  }
}

function withStep(steps: readonly ThresholdStep[] | undefined, step: ThresholdStep): ThresholdStep[] {
  return [...(steps ?? [{ value: Number.NEGATIVE_INFINITY, color: "green" }]), step].sort(
    (a, b) => Number(a.value) - Number(b.value),
  );
}

function valueMappings({ value = [], text, color }: Record<string, readonly unknown[]>) {
  const options: Record<string, MappingResult> = {};
  value.forEach((entry, row) => {
    options[String(entry)] = {
      ...(text ? { text: String(text[row] ?? "") } : {}),
      ...(color ? { color: String(color[row] ?? "") } : {}),
      index: row,
    };
  });
  return { type: "value" as const, options };
}

/** Also how rowsToFields finds the columns that it reads. */
export function firstOfType(frame: DataFrame, type: Field["type"]): Field | undefined {
  return frame.fields.find((field) => field.type === type);
}
