/** The query string, Grafana's way: every value a string, a repeated key a list. Nothing is guessed into a number. */

export type SearchValue = string | string[];
export type Search = Record<string, SearchValue>;

export function parseSearch(text: string): Search {
  const search: Search = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const before = search[key];
    if (before === undefined) search[key] = value;
    else search[key] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  return search;
}

/** The same search again: `parseSearch(stringifySearch(s))` equals `s`, apart from lists of one and empty lists. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) for (const item of value) params.append(key, String(item));
    else params.append(key, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** First value of a key. */
export function one(search: Search, key: string): string | undefined {
  const value = search[key];
  return Array.isArray(value) ? value[0] : value;
}

/** All values of a key, or undefined when it is absent. */
export function many(search: Search, key: string): string[] | undefined {
  const value = search[key];
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value : [value];
}
