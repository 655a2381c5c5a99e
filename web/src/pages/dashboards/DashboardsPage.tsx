/** All dashboards by folder, with search and tags; files that could not be read are listed with their error. */

import {
  IconAlertTriangle,
  IconFileImport,
  IconFolder,
  IconLayoutDashboard,
  IconSearch,
  IconStar,
  IconStarFilled,
  IconX,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { DashboardMeta } from "../../api/types";
import { PageHeader } from "../../components/PageHeader";
import { EmptyView, ErrorView, LoadingView } from "../../components/StateView";
import { one } from "../../lib/urlSearch";
import { useStars } from "../../state/stars";
import { toggleStar } from "../../state/storage";
import { usePatchUrl, useUrlSearch } from "../../state/urlState";
import classes from "./DashboardsPage.module.css";
import { byFolder, matches, useDashboards } from "./list";

const MAX_TAGS = 24;

export function DashboardsPage() {
  const text = one(useUrlSearch(), "q") ?? "";
  const patch = usePatchUrl();
  const search = (next: string) => patch({ q: next || undefined }, { replace: true });
  const { data, error, refetch } = useDashboards();
  const found = (data ?? []).filter((d) => matches(d, text));
  return (
    <>
      <PageHeader title="Dashboards">
        <Link to="/import" className="button">
          <IconFileImport size={15} /> Import
        </Link>
      </PageHeader>
      <div className={classes.page}>
        <div className={classes.find}>
          <IconSearch size={16} />
          <input
            className="field"
            placeholder="Search by name, folder or #tag"
            aria-label="Search by name, folder or tag"
            value={text}
            onChange={(event) => search(event.currentTarget.value)}
          />
          {text && (
            <button type="button" aria-label="Clear the search" onClick={() => search("")}>
              <IconX size={15} />
            </button>
          )}
        </div>
        {data && <Tags dashboards={data} text={text} search={search} />}
        {error && !data && (
          <ErrorView title="The dashboards could not be listed" error={error} onRetry={() => void refetch()} />
        )}
        {!data && !error && <LoadingView label="Loading the dashboards" />}
        {data && <Starred dashboards={found} />}
        {data && <Folders dashboards={found} />}
        {data && found.length === 0 && (
          <EmptyView
            icon={<IconLayoutDashboard size={30} stroke={1.4} />}
            title={data.length ? "Nothing matches" : "No dashboards yet"}
          >
            {data.length
              ? `None of ${data.length} dashboards has “${text}” in its name, folder or tags.`
              : "Import a file, or start Pharos with --grafana-provisioning and the folder of your Grafana files."}
          </EmptyView>
        )}
      </div>
    </>
  );
}

interface TagsProps {
  dashboards: DashboardMeta[];
  text: string;
  search: (text: string) => void;
}

function Tags({ dashboards, text, search }: TagsProps) {
  const counts = new Map<string, number>();
  for (const tag of dashboards.flatMap((d) => d.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const tags = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MAX_TAGS);
  if (tags.length === 0) return null;
  return (
    <div className={classes.tags}>
      {tags.map(([tag, count]) => {
        const word = `#${tag.replaceAll(" ", "").toLowerCase()}`;
        const on = text.split(/\s+/).includes(word);
        const next = on ? text.replace(word, "") : `${text} ${word}`;
        return (
          <button type="button" key={tag} className={classes.tag} aria-pressed={on} onClick={() => search(next.trim())}>
            {tag} <span>{count}</span>
          </button>
        );
      })}
    </div>
  );
}

/** Those with a star stand at the top, and again in their folders. */
function Starred({ dashboards }: { dashboards: DashboardMeta[] }) {
  const stars = useStars();
  const members = dashboards.filter((d) => stars.has(d.uid) && !d.error);
  if (members.length === 0) return null;
  return (
    <section className={classes.folder} aria-label="Starred">
      <h2>
        <IconStarFilled size={15} />
        Starred
        <span>{members.length}</span>
      </h2>
      <ul>
        {members.map((dashboard) => (
          <Entry key={dashboard.uid} dashboard={dashboard} />
        ))}
      </ul>
    </section>
  );
}

function Star({ dashboard }: { dashboard: DashboardMeta }) {
  const isStarred = useStars().has(dashboard.uid);
  const Icon = isStarred ? IconStarFilled : IconStar;
  return (
    <button
      type="button"
      className={`iconButton ${classes.star}`}
      aria-pressed={isStarred}
      aria-label={`Star ${dashboard.title}`}
      onClick={() => toggleStar({ uid: dashboard.uid, title: dashboard.title })}
    >
      <Icon size={15} stroke={1.7} />
    </button>
  );
}

function Folders({ dashboards }: { dashboards: DashboardMeta[] }) {
  return byFolder(dashboards).map(([folder, members]) => (
    <section key={folder} className={classes.folder}>
      <h2>
        <IconFolder size={16} stroke={1.6} />
        {folder || "General"}
        <span>{members.length}</span>
      </h2>
      <ul>
        {members.map((dashboard) => (
          <Entry key={`${dashboard.uid} ${dashboard.source}`} dashboard={dashboard} />
        ))}
      </ul>
    </section>
  ));
}

function Entry({ dashboard }: { dashboard: DashboardMeta }) {
  if (dashboard.error) {
    return (
      <li className={classes.entry} data-broken="true">
        <IconAlertTriangle size={17} stroke={1.6} />
        <div>
          <span className={classes.name}>{dashboard.title || dashboard.source}</span>
          <span className={classes.fault}>{dashboard.error}</span>
          <span className={classes.source}>{dashboard.source}</span>
        </div>
      </li>
    );
  }
  return (
    <li className={classes.entry}>
      <IconLayoutDashboard size={17} stroke={1.6} />
      <div>
        <Link
          to="/d/$uid/{-$slug}"
          params={{ uid: dashboard.uid, slug: dashboard.slug } as never}
          className={classes.name}
        >
          {dashboard.title}
        </Link>
        <span className={classes.source}>{dashboard.source}</span>
      </div>
      <span className={classes.entryTags}>
        {dashboard.tags.slice(0, 4).map((tag) => (
          <span key={tag} className="badge">
            {tag}
          </span>
        ))}
      </span>
      <Star dashboard={dashboard} />
    </li>
  );
}
