/** Asking for one dashboard: the page that shows it and the page's first moment share the answer. */

import { queryOptions } from "@tanstack/react-query";
import { getJson } from "./client";
import type { DashboardAnswer } from "./types";

export const dashboardQuery = (uid: string) =>
  queryOptions({
    queryKey: ["dashboard", uid],
    queryFn: ({ signal }) => getJson<DashboardAnswer>(`/api/pharos/v1/dashboards/${encodeURIComponent(uid)}`, signal),
    staleTime: 60_000,
  });

/** The dashboard that an address opens; null for other pages. */
export function dashboardOf(pathname: string): string | null {
  const uid = /^\/d(?:-solo)?\/([^/]+)/.exec(pathname)?.[1];
  try {
    return uid === undefined ? null : decodeURIComponent(uid);
  } catch {
    return null;
  }
}
