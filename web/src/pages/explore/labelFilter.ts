/** Adds a label to a query's first stream selector. */

export function addLabelFilter(expr: string, label: string, value: string, op: "=" | "!="): string {
  const open = expr.indexOf("{");
  if (open < 0) return expr;
  const close = endOfSelector(expr, open);
  if (close < 0) return expr;
  const matcher = `${label}${op}"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const inside = expr.slice(open + 1, close).trim();
  if (inside.split(",").some((part) => part.trim() === matcher)) return expr;
  const opposite = `${label}${op === "=" ? "!=" : "="}${matcher.slice(label.length + op.length)}`;
  const kept = inside
    .split(/,(?=\s*[\w.]+\s*[=!])/)
    .map((part) => part.trim())
    .filter((part) => part !== "" && part !== opposite);
  return `${expr.slice(0, open)}{${[...kept, matcher].join(", ")}}${expr.slice(close + 1)}`;
}

function endOfSelector(expr: string, open: number): number {
  let quote: string | null = null;
  for (let i = open + 1; i < expr.length; i++) {
    const char = expr[i] ?? "";
    if (quote) {
      if (char === "\\" && quote !== "`") i++;
      else if (char === quote) quote = null;
    } else if (char === '"' || char === "`" || char === "'") quote = char;
    else if (char === "}") return i;
  }
  return -1;
}
