/** The queries of query variables: `label_values(…)`, `label_names()`, `metrics(…)`, `query_result(…)`. */

export type VariableQuery =
  | { kind: "labelNames"; match: string | null }
  | { kind: "labelValues"; match: string | null; label: string }
  | { kind: "metrics"; pattern: string }
  | { kind: "queryResult"; expr: string }
  | { kind: "series"; match: string };

/** What a variable's query asks for; other text is read as a selector whose series are listed. */
export function parseVariableQuery(text: string): VariableQuery {
  const trimmed = text.trim();
  const call = /^(label_names|label_values|metrics|query_result)\s*\(([\s\S]*)\)\s*;?\s*$/.exec(trimmed);
  if (!call) return { kind: "series", match: trimmed };
  const args = (call[2] ?? "").trim();
  switch (call[1]) {
    case "label_names":
      return { kind: "labelNames", match: args || null };
    case "metrics":
      return { kind: "metrics", pattern: args };
    case "query_result":
      return { kind: "queryResult", expr: args };
    default: {
      const comma = lastTopLevelComma(args);
      if (comma < 0) return { kind: "labelValues", match: null, label: unquote(args) };
      const match = args.slice(0, comma).trim();
      return { kind: "labelValues", match: match || null, label: unquote(args.slice(comma + 1)) };
    }
  }
}

function unquote(text: string): string {
  const trimmed = text.trim();
  return /^(["'`]).*\1$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
}

/** Commas within braces or quotes belong to the selector. */
function lastTopLevelComma(text: string): number {
  let depth = 0;
  let quote: string | null = null;
  let found = -1;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (quote) {
      if (char === "\\" && quote !== "`") i++;
      else if (char === quote) quote = null;
    } else if (char === '"' || char === "'" || char === "`") quote = char;
    else if ("{([".includes(char)) depth++;
    else if ("})]".includes(char)) depth--;
    else if (char === "," && depth === 0) found = i;
  }
  return found;
}
