/** The links of a dashboard: to addresses, and to other dashboards by tag. */

import { Menu } from "@mantine/core";
import { IconChevronDown, IconExternalLink, IconLayoutDashboard } from "@tabler/icons-react";
import type { DashboardLink } from "../../lib/dashboard/model";
import { interpolate, type Scope } from "../../lib/interpolate/interpolate";
import type { Search } from "../../lib/urlSearch";
import { safeHref } from "../../panels/links";
import { useUrlSearch } from "../../state/urlState";
import { useDashboards } from "../dashboards/list";
import { useDashboardState } from "./context";

export function DashboardLinks() {
  const { dashboard, scope } = useDashboardState();
  const search = useUrlSearch();
  if (!scope) return null;
  return dashboard.links.map((link, i) =>
    link.type === "dashboards" ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes while the dashboard is open
      <TaggedLinks key={i} link={link} search={search} />
    ) : (
      <a
        // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes while the dashboard is open
        key={i}
        className="button"
        data-kind="quiet"
        href={safeHref(address(interpolate(link.url ?? "", scope), link, search, scope))}
        target={link.targetBlank ? "_blank" : undefined}
        rel="noreferrer"
        title={interpolate(link.tooltip ?? "", scope)}
      >
        <IconExternalLink size={14} /> {interpolate(link.title || link.url || "Link", scope)}
      </a>
    ),
  );
}

function TaggedLinks({ link, search }: { link: DashboardLink; search: Search }) {
  const { dashboard, scope } = useDashboardState();
  const { data = [] } = useDashboards();
  const tags = link.tags ?? [];
  const found = data.filter((d) => d.uid !== dashboard.uid && !d.error && tags.every((t) => d.tags.includes(t)));
  if (found.length === 0 || !scope) return null;
  const href = (uid: string, slug: string) => address(`/d/${uid}/${slug}`, link, search, scope);
  if (!link.asDropdown) {
    return found.map((d) => (
      <a key={d.uid} className="button" data-kind="quiet" href={href(d.uid, d.slug)}>
        <IconLayoutDashboard size={14} /> {d.title}
      </a>
    ));
  }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className="button" data-kind="quiet">
          <IconLayoutDashboard size={14} /> {link.title || tags.join(", ") || "Dashboards"}{" "}
          <IconChevronDown size={13} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {found.map((d) => (
          <Menu.Item key={d.uid} component="a" href={href(d.uid, d.slug)}>
            {d.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The link with what it asks to take along: the time range, the variables. */
export function address(url: string, link: DashboardLink, search: Search, scope: Scope): string {
  const params = new URLSearchParams();
  if (link.keepTime) {
    params.set("from", scope.get("__from")?.values[0] ?? "");
    params.set("to", scope.get("__to")?.values[0] ?? "");
    for (const key of ["from", "to"]) if (typeof search[key] === "string") params.set(key, search[key]);
  }
  if (link.includeVars) {
    for (const [key, value] of Object.entries(search)) {
      if (!key.startsWith("var-")) continue;
      for (const item of Array.isArray(value) ? value : [value]) params.append(key, item);
    }
  }
  const text = params.toString();
  if (!text) return url.trim();
  return `${url.trim()}${url.includes("?") ? "&" : "?"}${text}`;
}
