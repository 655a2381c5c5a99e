/** Puts variables into texts: `$x`, `${x}`, `${x:format}` and `[[x]]`. Unknown names stay as they are written. */

import { applyFormat } from "./formats";
import { stringContext } from "./queryString";

export interface Value {
  /** The selected values; for All those that stand for it. */
  values: string[];
  text: string;
  /** Whether several values may be selected: such values are matched by regular expression. */
  multi: boolean;
  /** A custom All value: written as it is, whatever the format. */
  verbatim?: boolean;
}

/** Values by name; `$__interval` and its like are entries too. */
export type Scope = ReadonlyMap<string, Value>;

export function single(value: string, text = value): Value {
  return { values: [value], text, multi: false };
}

/** Where the text will be used: it decides how a value without a format is escaped. */
export type Language = "promql" | "logql" | "regex" | "text";

const VARIABLE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}/g;

export function interpolate(text: string, scope: Scope, language: Language = "text", zone = "browser"): string {
  if (!text.includes("$") && !text.includes("[[")) return text;
  return text.replace(VARIABLE, (whole, plain, bracket, bracketFormat, braced, path, bracedFormat, offset: number) => {
    const name: string = plain ?? bracket ?? braced;
    const value = scope.get(name);
    if (!value) return whole;
    if (path === "text") return value.text;
    if (value.verbatim) return value.values[0] ?? "";
    const format: string | undefined = bracketFormat ?? bracedFormat;
    if (format !== undefined) {
      const [id = "", ...args] = format.split(":");
      return applyFormat(id, { name, values: value.values, text: value.text, multi: value.multi, args, zone });
    }
    if (language === "text") return value.multi ? value.text : (value.values[0] ?? "");
    if (language === "regex") {
      return applyFormat("regex", { name, values: value.values, text: value.text, multi: value.multi, args: [], zone });
    }
    return queryValue(value, text, offset);
  });
}

/** All names that a text refers to. */
export function referredNames(text: string): Set<string> {
  const names = new Set<string>();
  for (const match of text.matchAll(VARIABLE)) names.add(match[1] ?? match[2] ?? match[4] ?? "");
  return names;
}

const escapeRegex = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

function queryValue(value: Value, query: string, offset: number): string {
  const { quote, isRegex } = stringContext(query, offset);
  const inString = (text: string) => {
    if (quote === null || quote === "`") return text;
    return text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
  };
  if (!value.multi) return inString(value.values[0] ?? "");
  if (quote === null) return value.values.join(",");
  if (value.values.length === 1) {
    const only = value.values[0] ?? "";
    return inString(isRegex ? escapeRegex(only) : only);
  }
  return inString(`(${value.values.map(escapeRegex).join("|")})`);
}
