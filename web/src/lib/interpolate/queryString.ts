/** Where in a query a position stands: within which quotes, and whether those are matched as a regular expression. */

export interface StringContext {
  /** The quote that is open at the position, or null outside of strings. */
  quote: '"' | "'" | "`" | null;
  /** The string follows `=~`, `!~` or `|~`, or none of them is known to precede it. */
  isRegex: boolean;
}

export function stringContext(query: string, offset: number): StringContext {
  let quote: StringContext["quote"] = null;
  let start = 0;
  for (let i = 0; i < offset; i++) {
    const char = query[i];
    if (quote === null) {
      if (char === '"' || char === "'" || char === "`") {
        quote = char;
        start = i;
      } else if (char === "#") {
        const end = query.indexOf("\n", i);
        if (end < 0 || end >= offset) return { quote: null, isRegex: false };
        i = end;
      }
    } else if (char === "\\" && quote !== "`") i++;
    else if (char === quote) quote = null;
  }
  if (quote === null) return { quote, isRegex: false };
  const before = query.slice(0, start).trimEnd();
  return { quote, isRegex: !/(^|[^=!<>~|])!?=$|\|=$/.test(before) };
}
