/** The list of dashboards: loading it, and what a search finds in it. */

import { useQuery } from "@tanstack/react-query";
import { getJson } from "../../api/client";
import type { DashboardMeta } from "../../api/types";

export function useDashboards() {
  return useQuery({
    queryKey: ["dashboards"],
    queryFn: ({ signal }) => getJson<DashboardMeta[]>("/api/pharos/v1/dashboards", signal),
    staleTime: 30_000,
  });
}

/** Every word must occur in the title, the folder or a tag; `#word` looks at tags alone. */
export function matches(dashboard: DashboardMeta, text: string): boolean {
  const all = [dashboard.title, dashboard.folder, ...dashboard.tags].join("\n").toLowerCase();
  const tags = dashboard.tags.map((t) => t.toLowerCase());
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .every((word) => (word.startsWith("#") ? tags.some((t) => t.startsWith(word.slice(1))) : all.includes(word)));
}

/** By folder, both sorted by name; those without a folder come first. */
export function byFolder(dashboards: DashboardMeta[]): [folder: string, members: DashboardMeta[]][] {
  const folders = new Map<string, DashboardMeta[]>();
  for (const d of dashboards) folders.set(d.folder, [...(folders.get(d.folder) ?? []), d]);
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  for (const members of folders.values()) members.sort((a, b) => compare(a.title, b.title));
  return [...folders].sort(([a], [b]) => compare(a, b));
}
