/** Ad hoc filters: conditions put into every selector of a query. */

export interface AdhocFilter {
  key: string;
  operator: string;
  value: string;
}

export const ADHOC_OPERATORS = ["=", "!=", "=~", "!~", "=|", "!=|"] as const;

const MAX_FILTERS = 50;

/** `key|operator|value` as Grafana's URLs have it: `|` within is `__gfp__`, a comma `__gfc__`. */
export function parseFilters(values: readonly string[]): AdhocFilter[] {
  const decode = (text: string) =>
    text.replaceAll("__gfp__", "|").replaceAll("__gfc__", ",").replaceAll("__gfh__", "#");
  return values.slice(0, MAX_FILTERS).flatMap((text) => {
    const parts = text.split("|");
    // The operators "one of" end in the separator itself.
    const oneOf = parts.length > 3 && parts[2] === "" && /^!?=$/.test(parts[1] ?? "");
    const [key = "", operator = ""] = parts;
    const value = parts.slice(oneOf ? 3 : 2).join("|");
    if (key === "" || parts.length < 3) return [];
    return [{ key: decode(key), operator: oneOf ? `${operator}|` : decode(operator), value: decode(value) }];
  });
}

export function formatFilters(filters: readonly AdhocFilter[]): string[] {
  const encode = (text: string) => text.replaceAll("|", "__gfp__").replaceAll(",", "__gfc__");
  return filters.map(({ key, operator, value }) => `${encode(key)}|${operator}|${encode(value)}`);
}

/** The filters of a variable's file form. */
export function readFilters(value: unknown): AdhocFilter[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MAX_FILTERS).flatMap((entry: Record<string, unknown> | null) => {
    if (!entry || typeof entry.key !== "string" || entry.key === "") return [];
    return [{ key: entry.key, operator: String(entry.operator ?? "="), value: String(entry.value ?? "") }];
  });
}

const escapeRegex = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

function matcher({ key, operator, value }: AdhocFilter, language: "promql" | "logql"): string | null {
  const plain = /^[a-zA-Z_][\w]*$/.test(key);
  if (!plain && language === "logql") return null;
  const name = plain ? key : quote(key);
  if (operator === "=|" || operator === "!=|") {
    const alternatives = value.split(",").map((v) => escapeRegex(v.trim()));
    return `${name}${operator === "=|" ? "=~" : "!~"}${quote(alternatives.join("|"))}`;
  }
  return ["=", "!=", "=~", "!~"].includes(operator) ? `${name}${operator}${quote(value)}` : null;
}

/** The query with the filters in each of its selectors. */
export function applyFilters(query: string, filters: readonly AdhocFilter[], language: "promql" | "logql"): string {
  const matchers = filters.flatMap((f) => matcher(f, language) ?? []);
  if (matchers.length === 0) return query;
  return language === "promql" ? intoSelectors(query, matchers.join(",")) : afterSelectors(query, matchers);
}

/** Words that stand where a metric's name could. */
const KEYWORDS = new Set(
  "by without on ignoring group_left group_right offset bool and or unless atan2 inf nan start end sum avg min max count stddev stdvar topk bottomk quantile count_values group limitk limit_ratio fill fill_left fill_right anchored smoothed".split(
    " ",
  ),
);

const TOKEN =
  /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(#[^\n]*)|([a-zA-Z_:][\w:]*)|(\d[\w.]*)|(\[[^\]]*\])|([\s\S])/g;

function intoSelectors(query: string, matchers: string): string {
  let out = "";
  let depth = 0;
  let isGrouping = false;
  const tokens = [...query.matchAll(TOKEN)];
  const nextSign = (i: number) =>
    tokens.slice(i + 1).find(([text]) => text.trim() !== "" && !text.startsWith("#"))?.[0];
  const endsOpen = () => /[{,]\s*$/.test(out);
  tokens.forEach((token, i) => {
    const [text, , , name] = token;
    if (depth > 0) {
      if (text === "}") {
        depth = 0;
        out += `${endsOpen() ? "" : ","}${matchers}`;
      }
      out += text;
      return;
    }
    if (text === "{") depth = 1;
    if (isGrouping && text === ")") isGrouping = false;
    out += text;
    if (name === undefined || isGrouping) return;
    const next = nextSign(i);
    if (/^(by|without|on|ignoring|group_left|group_right)$/i.test(name) && next === "(") isGrouping = true;
    else if (!KEYWORDS.has(name.toLowerCase()) && next !== "(" && next !== "{") out += `{${matchers}}`;
  });
  return out;
}

/** LogQL: label filters right behind the stream selector, where the labels of the stream are. */
function afterSelectors(query: string, matchers: string[]): string {
  const filter = ` ${matchers.map((m) => `| ${m}`).join(" ")}`;
  let out = "";
  let open = false;
  for (const [text] of query.matchAll(TOKEN)) {
    out += text;
    if (text === "{") open = true;
    else if (text === "}" && open) {
      open = false;
      out += filter;
    }
  }
  return out;
}
