/** From raw results to a variable's options: JavaScript regular expressions, sorting, custom lists. */

import { formatIntervalFloor, parseDuration } from "../duration";
import { roundInterval } from "../interval";
import { ALL, AUTO, type VariableModel, type VariableOption } from "./model";

/** `/…/flags`, or text without slashes taken as the whole value's pattern. Null when it does not compile. */
export function toRegex(text: string): RegExp | null {
  const slashed = /^\/([\s\S]*)\/([a-z]*)$/.exec(text);
  try {
    return slashed ? new RegExp(slashed[1] ?? "", slashed[2]) : new RegExp(`^(?:${text})$`);
  } catch {
    return null;
  }
}

/** Options that pass the regular expression; a capture group, or the groups `text` and `value`, become the option. */
export function applyRegex(raw: VariableOption[], regex: string): VariableOption[] {
  if (!regex) return unique(raw);
  const pattern = toRegex(regex);
  if (!pattern) throw new Error(`the variable's regular expression does not compile: ${regex}`);
  const found: VariableOption[] = [];
  for (const option of raw) {
    const matches = pattern.global
      ? [...option.text.matchAll(pattern)]
      : [pattern.exec(option.text)].filter((m) => m !== null);
    if (matches.length === 0) continue;
    const merged = matches.reduce<Record<string, string>>((all, m) => {
      for (const [key, value] of Object.entries(m.groups ?? {})) if (value !== undefined) all[key] ??= value;
      return all;
    }, {});
    const { text, value } = merged;
    if (text !== undefined || value !== undefined) {
      found.push({ text: text ?? value ?? "", value: value ?? text ?? "" });
    } else if (pattern.global || (matches[0]?.length ?? 0) > 1) {
      for (const m of matches) {
        const captured = m.length > 1 ? m.slice(1).find((g) => g !== undefined) : m[0];
        if (captured !== undefined && captured !== "") found.push({ text: captured, value: captured });
      }
    } else found.push(option);
  }
  return unique(found);
}

function unique(options: VariableOption[]): VariableOption[] {
  const seen = new Set<string>();
  return options.filter((o) => !seen.has(o.value) && seen.add(o.value));
}

const SORT_NAMES: Record<string, number> = {
  disabled: 0,
  alphabeticalAsc: 1,
  alphabeticalDesc: 2,
  numericalAsc: 3,
  numericalDesc: 4,
  alphabeticalCaseInsensitiveAsc: 5,
  alphabeticalCaseInsensitiveDesc: 6,
  naturalAsc: 7,
  naturalDesc: 8,
};

const numberIn = (text: string) => {
  const match = /.*?(\d+(?:\.\d+)?)/.exec(text);
  return match ? Number(match[1]) : -1;
};

const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export function sortOptions(options: VariableOption[], sort: VariableModel["sort"]): VariableOption[] {
  const code = typeof sort === "string" ? (SORT_NAMES[sort] ?? Number(sort)) : (sort ?? 0);
  if (!code) return options;
  const compare = [
    (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0),
    (a: string, b: string) => numberIn(a) - numberIn(b),
    (a: string, b: string) => {
      const [x, y] = [a.toLowerCase(), b.toLowerCase()];
      return x < y ? -1 : x > y ? 1 : 0;
    },
    (a: string, b: string) => natural.compare(a, b),
  ][Math.ceil(code / 2) - 1];
  if (!compare) return options;
  const sign = code % 2 === 1 ? 1 : -1;
  return [...options].sort((a, b) => sign * compare(a.text, b.text));
}

/** `a, b, text : value`, with `\,` for a comma within. */
export function customOptions(text: string): VariableOption[] {
  const parts = text.match(/(?:\\,|[^,])+/g) ?? [];
  return parts
    .map((part) => part.replaceAll("\\,", ",").trim())
    .filter((part) => part !== "")
    .map((part) => {
      const pair = /^\s*(.+)\s:\s(.+)$/.exec(part);
      return pair ? { text: (pair[1] ?? "").trim(), value: (pair[2] ?? "").trim() } : { text: part, value: part };
    });
}

/** A custom list written as JSON: texts, or objects with `text` and `value`. */
export function jsonOptions(text: string): VariableOption[] {
  let list: unknown;
  try {
    list = JSON.parse(text || "[]");
  } catch {
    throw new Error("the variable's list is no JSON");
  }
  return (Array.isArray(list) ? list : []).flatMap((entry) => {
    if (entry === null || entry === undefined) return [];
    if (typeof entry !== "object") return [{ text: String(entry), value: String(entry) }];
    const { text: shown, value } = entry as Record<string, unknown>;
    if (shown === undefined && value === undefined) return [];
    return [{ text: String(shown ?? value), value: String(value ?? shown) }];
  });
}

/** The static options of a query variable, before, behind or among what its query gives. */
export function withStatic(model: VariableModel, found: VariableOption[]): VariableOption[] {
  const own = (model.staticOptions ?? []).map((o) => ({
    text: String(o.text ?? o.value ?? ""),
    value: String(o.value ?? o.text ?? ""),
  }));
  if (own.length === 0) return found;
  const merged = model.staticOptionsOrder === "after" ? [...found, ...own] : [...own, ...found];
  const all = unique(merged);
  return model.staticOptionsOrder === "sorted" ? sortOptions(all, model.sort || 1) : all;
}

/** A switch has two values: off first. */
export function switchOptions(model: VariableModel): VariableOption[] {
  const [first, second] = model.options ?? [];
  const on = String(model.enabledValue ?? first?.value ?? "true");
  const off = String(model.disabledValue ?? second?.value ?? "false");
  return [
    { text: "off", value: off },
    { text: "on", value: on },
  ];
}

/** The list of an interval variable, `auto` first where it is on. */
export function intervalOptions(model: VariableModel, text: string): VariableOption[] {
  const listed = text.match(/(["'])(.*?)\1|[\w.]+/g)?.map((part) => part.replace(/^["']|["']$/g, "")) ?? [];
  const options = listed.map((value) => ({ text: value, value }));
  return model.auto ? [{ text: "auto", value: AUTO }, ...options] : options;
}

/** What `auto` of an interval variable stands for in a range. */
export function autoInterval(model: VariableModel, rangeMs: number): string {
  const minMs = parseDuration(model.auto_min ?? "10s") ?? 10_000;
  return formatIntervalFloor(Math.max(roundInterval(rangeMs / (model.auto_count || 30)), minMs));
}

/**
 * The selection that holds among the options: the wanted one where it exists, else the first (or All). What the URL
 * asks for (`trusted`) holds even where no option is like it: a link may name what has no data right now.
 */
export function settleSelection(
  model: VariableModel,
  options: VariableOption[],
  wanted: string[],
  trusted = false,
): string[] {
  const cleaned = wanted.map((v) => (v === "All" && model.includeAll && !options.some((o) => o.value === v) ? ALL : v));
  if (model.includeAll && cleaned.includes(ALL)) return [ALL];
  if (options.length === 0) return model.includeAll ? [ALL] : cleaned.filter((v) => v !== "");
  const known = cleaned.flatMap((v) => {
    const option = options.find((o) => o.value === v) ?? options.find((o) => o.text === v);
    if (option) return [option.value];
    return trusted && v !== "" && model.allowCustomValue !== false ? [v] : [];
  });
  if (known.length > 0) return model.multi ? [...new Set(known)] : known.slice(0, 1);
  if (model.includeAll) return [ALL];
  return options[0] ? [options[0].value] : [];
}
