/** Addresses to give away. */

import type { ResolvedRange } from "../../lib/time";

/** The same page with its time made absolute: whoever opens it later sees the same. */
export function shareLink(href: string, range: ResolvedRange): string {
  const url = new URL(href);
  url.searchParams.set("from", String(Math.floor(range.fromMs)));
  url.searchParams.set("to", String(Math.ceil(range.toMs)));
  url.searchParams.delete("refresh");
  return url.toString();
}
