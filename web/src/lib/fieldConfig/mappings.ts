/** Value mappings: a value becomes a text, a colour or both. */

import type { MappingResult, ValueMapping } from "../dataFrame";
import { regexOf } from "./regex";

interface OldMapping {
  type?: unknown;
  value?: unknown;
  from?: unknown;
  to?: unknown;
  text?: unknown;
}

/** Mappings as Grafana before version 8 wrote them (type 1 a value, 2 a range), in today's form. */
export function currentMapping(mapping: ValueMapping | OldMapping): ValueMapping {
  const { type, value, from, to, text } = mapping as OldMapping;
  const result: MappingResult = { text: String(text ?? "") };
  if (type === 1 || type === "1") {
    return value === "null" || value === null
      ? { type: "special", options: { match: "null", result } }
      : { type: "value", options: { [String(value)]: result } };
  }
  if (type === 2 || type === "2") {
    return { type: "range", options: { from: numberOf(from), to: numberOf(to), result } };
  }
  return mapping as ValueMapping;
}

function numberOf(value: unknown): number | null {
  const number = value === null || value === undefined || value === "" ? Number.NaN : Number(value);
  return Number.isNaN(number) ? null : number;
}

/** The first mapping that knows the value. */
export function mapValue(mappings: readonly ValueMapping[], value: unknown): MappingResult | undefined {
  for (const mapping of mappings) {
    const result = applyMapping(mapping, value);
    if (result) {
      return result;
    }
  }
  return undefined;
}

function applyMapping(mapping: ValueMapping, value: unknown): MappingResult | undefined {
  const missing = value === null || value === undefined;
  switch (mapping.type) {
    case "value":
      return missing || !Object.hasOwn(mapping.options ?? {}, String(value))
        ? undefined
        : mapping.options[String(value)];
    case "range":
      return missing ? undefined : inRange(mapping.options, value);
    case "regex":
      return typeof value === "string" ? byRegex(mapping.options, value) : undefined;
    case "special":
      return isSpecial(mapping.options?.match, value) ? mapping.options.result : undefined;
    default:
      return undefined;
  }
}

function inRange(
  options: { from?: number | null; to?: number | null; result: MappingResult },
  value: unknown,
): MappingResult | undefined {
  const numeric = Number.parseFloat(String(value));
  if (Number.isNaN(numeric)) {
    return undefined;
  }
  // Bounds that are no numbers bound nothing.
  const below = numeric < Number(options.from ?? Number.NEGATIVE_INFINITY);
  const above = numeric > Number(options.to ?? Number.POSITIVE_INFINITY);
  return below || above ? undefined : options.result;
}

function byRegex(options: { pattern: string; result: MappingResult }, value: string): MappingResult | undefined {
  const regex = regexOf(options.pattern);
  if (regex === undefined || !value.match(regex)) {
    return undefined;
  }
  const { text } = options.result;
  return text === undefined || text === null ? options.result : { ...options.result, text: value.replace(regex, text) };
}

function isSpecial(match: string | undefined, value: unknown): boolean {
  const isNull = value === null || value === undefined;
  const isNan = typeof value === "number" && Number.isNaN(value);
  switch (match) {
    case "null":
      return isNull;
    case "nan":
      return isNan;
    case "null+nan":
      return isNull || isNan;
    case "true":
      return value === true || value === "true";
    case "false":
      return value === false || value === "false";
    case "empty":
      return value === "";
    default:
      return false;
  }
}
