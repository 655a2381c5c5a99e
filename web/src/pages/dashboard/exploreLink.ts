/** The address at which a query is open in Explore. */

import type { PanelQuery } from "../../lib/dashboard/compile";
import type { RawRange } from "../../lib/time";

export function exploreLink(query: Pick<PanelQuery, "kind" | "expr"> | undefined, raw: RawRange): string | null {
  if (!query) return null;
  const params = new URLSearchParams({ kind: query.kind, expr: query.expr, from: raw.from, to: raw.to });
  return `/explore?${params}`;
}
