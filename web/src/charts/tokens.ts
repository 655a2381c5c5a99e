/** The page's colours for canvases, which know no CSS variables. */

const cache = new Map<string, string>();

/** The value of a CSS variable under the theme that is in force; read when something is drawn. */
export function token(name: string): string {
  const root = document.documentElement;
  const key = `${root.getAttribute("data-mantine-color-scheme")}${name}`;
  let value = cache.get(key);
  if (value === undefined) {
    value = getComputedStyle(root).getPropertyValue(name).trim();
    cache.set(key, value);
  }
  return value || "#888";
}
