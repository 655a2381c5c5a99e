/** Group-by variables: their labels join the grouping of every aggregation in a PromQL query. */

const AGGREGATIONS = new Set(
  "sum avg min max count stddev stdvar topk bottomk quantile count_values group limitk limit_ratio".split(" "),
);

const TOKEN = /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*)|([a-zA-Z_:][\w:]*)|([\s\S])/g;

const MAX_KEYS = 20;

/** `sum by (a) (x)` and `sum(x)` get the keys; `without` keeps them anyway. */
export function applyGroupBy(query: string, keys: readonly string[]): string {
  const wanted = keys.filter((key) => /^[a-zA-Z_]\w*$/.test(key)).slice(0, MAX_KEYS);
  if (wanted.length === 0) return query;
  const tokens = [...query.matchAll(TOKEN)].map(([text, quoted, word]) => ({ text, word: quoted ? undefined : word }));
  const next = (from: number) => {
    let at = from;
    while (at < tokens.length && /^(\s+|#.*)$/.test(tokens[at]?.text ?? "")) at += 1;
    return at;
  };
  const closing = (open: number) => {
    let depth = 0;
    for (let at = open; at < tokens.length; at++) {
      const text = tokens[at]?.text;
      if (text === "(") depth += 1;
      if (text === ")" && --depth === 0) return at;
    }
    return -1;
  };
  tokens.forEach(({ word }, at) => {
    if (!word || !AGGREGATIONS.has(word.toLowerCase())) return;
    // The grouping stands before the arguments or behind them.
    const first = next(at + 1);
    const before = tokens[first]?.word?.toLowerCase();
    if (before === "without") return;
    const args = before === "by" ? -1 : first;
    if (before !== "by" && tokens[first]?.text !== "(") return;
    const end = args < 0 ? -1 : closing(args);
    const behind = end < 0 ? -1 : next(end + 1);
    const after = tokens[behind]?.word?.toLowerCase();
    if (after === "without") return;
    const by = before === "by" ? first : after === "by" ? behind : -1;
    if (by < 0) {
      const own = tokens[at];
      if (own) own.text += ` by (${wanted.join(", ")})`;
      return;
    }
    const open = next(by + 1);
    const shut = closing(open);
    const last = tokens[shut];
    if (tokens[open]?.text !== "(" || !last) return;
    const present = new Set(tokens.slice(open + 1, shut).map((token) => token.text));
    const more = wanted.filter((key) => !present.has(key));
    const isEmpty = next(open + 1) === shut;
    if (more.length > 0) last.text = `${isEmpty ? "" : ", "}${more.join(", ")})`;
  });
  return tokens.map(({ text }) => text).join("");
}
