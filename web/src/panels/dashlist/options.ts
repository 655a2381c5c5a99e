/** Which dashboards a list shows. */

import type { DashboardMeta } from "../../api/types";
import { numberOption } from "../options";
import type { PanelModel } from "../types";

export interface DashListOptions {
  recent: boolean;
  starred: boolean;
  search: boolean;
  headings: boolean;
  folderNames: boolean;
  maxItems: number;
  query: string;
  folder: string | undefined;
  tags: string[];
  includeVars: boolean;
  keepTime: boolean;
}

const MAX_ITEMS = 500;

export function dashListOptions({ options = {} }: PanelModel): DashListOptions {
  const anything = ["showSearch", "showStarred", "showRecentlyViewed", "starred", "recent", "search"].some(
    (key) => options[key] === true,
  );
  const given = options.folderUID ?? options.folderId;
  return {
    recent: options.showRecentlyViewed === true || options.recent === true,
    starred: options.showStarred === true || options.starred === true,
    search: options.showSearch === true || options.search === true || !anything,
    headings: options.showHeadings !== false,
    folderNames: options.showFolderNames !== false,
    maxItems: Math.min(MAX_ITEMS, Math.max(1, numberOption(options, "maxItems") ?? 10)),
    query: typeof options.query === "string" ? options.query.trim().toLowerCase() : "",
    folder: typeof given === "string" && given !== "" ? given : undefined,
    tags: Array.isArray(options.tags) ? options.tags.map(String) : [],
    includeVars: options.includeVars === true,
    keepTime: options.keepTime === true,
  };
}

/** Those with the words of the query in their title, in the folder, with every tag. */
export function foundDashboards(all: readonly DashboardMeta[], options: DashListOptions): DashboardMeta[] {
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  return all
    .filter(({ title }) => options.query === "" || title.toLowerCase().includes(options.query))
    .filter(({ folder }) => options.folder === undefined || folder === options.folder)
    .filter(({ tags }) => options.tags.every((tag) => tags.includes(tag)))
    .sort((a, b) => compare(a.title, b.title))
    .slice(0, options.maxItems);
}
