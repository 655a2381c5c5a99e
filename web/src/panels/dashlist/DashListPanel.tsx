/** Dashboard list: starred, lately seen, or found by title, folder and tags. */

import { useQuery } from "@tanstack/react-query";
import { getJson } from "../../api/client";
import type { DashboardMeta } from "../../api/types";
import { recentVisits } from "../../state/storage";
import styles from "../lists.module.css";
import { PanelNote } from "../PanelNote";
import type { PanelProps } from "../types";
import { dashListOptions, foundDashboards } from "./options";

export default function DashListPanel({ panel, width, height, interpolate }: PanelProps) {
  const options = dashListOptions(panel);
  const { data, error } = useQuery({
    queryKey: ["dashboards"],
    queryFn: ({ signal }) => getJson<DashboardMeta[]>("/api/pharos/v1/dashboards", signal),
    staleTime: 30_000,
  });
  if (error) {
    return <PanelNote width={width} height={height} text={`The list could not be read: ${error.message}`} />;
  }
  const all = data ?? [];
  const byUid = new Map(all.map((dashboard) => [dashboard.uid, dashboard]));
  const recent = recentVisits().flatMap(({ uid }) => byUid.get(uid) ?? []);
  const starred = all.filter((dashboard) => (dashboard as { starred?: boolean }).starred === true);
  const sections = [
    { title: "Starred", wanted: options.starred, found: starred.slice(0, options.maxItems) },
    { title: "Recently viewed", wanted: options.recent, found: recent.slice(0, options.maxItems) },
    { title: "Search", wanted: options.search, found: foundDashboards(all, options) },
  ].filter(({ wanted }) => wanted);
  const suffix = urlSuffix(options, interpolate);
  return (
    <nav className={styles.list} style={{ width, height }} aria-label={panel.title || "Dashboards"}>
      {sections.map(({ title, found }) => (
        <section key={title} aria-label={title}>
          {options.headings && <h4>{title}</h4>}
          <ul>
            {found.map((dashboard) => (
              <li key={dashboard.uid}>
                <Entry dashboard={dashboard} suffix={suffix} showFolder={options.folderNames} />
              </li>
            ))}
          </ul>
          {data && found.length === 0 && <div className={styles.entry}>None</div>}
        </section>
      ))}
    </nav>
  );
}

function Entry({ dashboard, suffix, showFolder }: { dashboard: DashboardMeta; suffix: string; showFolder: boolean }) {
  return (
    <a className={styles.entry} href={`/d/${encodeURIComponent(dashboard.uid)}/${dashboard.slug}${suffix}`}>
      <span className={styles.name} title={dashboard.title}>
        {dashboard.title}
      </span>
      {showFolder && dashboard.folder && <span className={styles.dim}>{dashboard.folder}</span>}
      {dashboard.tags.slice(0, 4).map((tag) => (
        <span key={tag} className={styles.tag}>
          {tag}
        </span>
      ))}
    </a>
  );
}

function urlSuffix(
  { keepTime, includeVars }: { keepTime: boolean; includeVars: boolean },
  interpolate: PanelProps["interpolate"],
): string {
  const parts = [keepTime ? "${__url_time_range}" : "", includeVars ? "${__all_variables}" : ""].filter(Boolean);
  const query = parts.map((part) => interpolate(part)).filter((part) => part !== "" && !part.startsWith("${"));
  return query.length > 0 ? `?${query.join("&")}` : "";
}
