/** A dashboard of Grafana's v1 schema, as the page uses it: every default filled in, nothing trusted. */

import type { PanelModel, Target } from "../../panels/types";
import type { VariableModel } from "../variables/model";

export interface DashboardLink {
  type?: "link" | "dashboards" | string;
  title?: string;
  url?: string;
  icon?: string;
  tooltip?: string;
  tags?: string[];
  asDropdown?: boolean;
  includeVars?: boolean;
  keepTime?: boolean;
  targetBlank?: boolean;
}

/** An annotation query of the dashboard, whose source is known. */
export interface AnnotationQuery {
  name: string;
  enable: boolean;
  /** 0 shown, 2 hidden: its switch. */
  hide: boolean;
  iconColor: string;
  expr: string;
  datasource: { type?: string; uid?: string } | null;
  step: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
  useValueForTime: boolean;
  filter: { exclude: boolean; ids: number[] } | null;
}

export interface DashboardModel {
  uid: string;
  title: string;
  description: string;
  tags: string[];
  panels: PanelModel[];
  variables: VariableModel[];
  time: { from: string; to: string };
  refresh: string;
  refreshIntervals: string[];
  timezone: string;
  weekStart: number;
  /** Month in which the fiscal year begins, 0 January. */
  fiscalStart: number;
  graphTooltip: 0 | 1 | 2;
  links: DashboardLink[];
  hideTimePicker: boolean;
  annotations: AnnotationQuery[];
  /** `1m`: "now" means a minute ago, because the newest data come late. */
  nowDelay: string;
  quickRanges: { from: string; to: string; label: string }[];
}

type Json = Record<string, unknown>;

const record = (value: unknown): Json =>
  value && typeof value === "object" && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown, fallback = ""): string => (typeof value === "string" ? value : fallback);
const number = (value: unknown, fallback: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : fallback;

const WEEK_START: Record<string, number> = { sunday: 0, monday: 1, saturday: 6 };
export const REFRESH_INTERVALS = ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"];

export function readDashboard(json: unknown): DashboardModel {
  const raw = record(json);
  const time = record(raw.time);
  const picker = record(raw.timepicker);
  const tooltip = raw.graphTooltip === true ? 1 : number(raw.graphTooltip, 0);
  const intervals = list(picker.refresh_intervals).filter((i): i is string => typeof i === "string");
  return {
    uid: text(raw.uid),
    title: text(raw.title, "Untitled"),
    description: text(raw.description),
    tags: list(raw.tags).map(String),
    panels: readPanels(raw.panels),
    variables: list(record(raw.templating).list)
      .map(record)
      .filter((v) => typeof v.name === "string") as unknown as VariableModel[],
    time: { from: text(time.from, "now-6h"), to: text(time.to, "now") },
    refresh: text(raw.refresh),
    refreshIntervals: intervals.length > 0 ? intervals : REFRESH_INTERVALS,
    timezone: readZone(text(raw.timezone)),
    weekStart: WEEK_START[text(raw.weekStart)] ?? 1,
    fiscalStart: Math.min(11, Math.max(0, Math.floor(number(raw.fiscalYearStartMonth, 0)))),
    graphTooltip: tooltip === 1 || tooltip === 2 ? tooltip : 0,
    links: list(raw.links).map(record) as DashboardLink[],
    hideTimePicker: picker.hidden === true,
    annotations: list(record(raw.annotations).list).map(record).flatMap(readAnnotation),
    nowDelay: text(picker.nowDelay),
    quickRanges: list(picker.quick_ranges).map(record).flatMap(readQuickRange),
  };
}

function readAnnotation(raw: Json): AnnotationQuery[] {
  if (raw.builtIn === 1 || raw.builtIn === true) return [];
  const filter = record(raw.filter);
  const ids = list(filter.ids).filter((id): id is number => typeof id === "number");
  return [
    {
      name: text(raw.name, "Annotations"),
      enable: raw.enable !== false,
      hide: raw.hide === true || raw.hide === 2,
      iconColor: text(raw.iconColor),
      expr: text(raw.expr),
      datasource: record(raw.datasource),
      step: text(raw.step) || text(raw.interval),
      titleFormat: text(raw.titleFormat),
      textFormat: text(raw.textFormat),
      tagKeys: text(raw.tagKeys),
      useValueForTime: raw.useValueForTime === true || raw.useValueForTime === "on",
      filter: ids.length > 0 ? { exclude: filter.exclude === true, ids } : null,
    },
  ];
}

function readQuickRange(raw: Json): { from: string; to: string; label: string }[] {
  const [from, to] = [text(raw.from), text(raw.to, "now")];
  return from ? [{ from, to, label: text(raw.display, `${from} to ${to}`) }] : [];
}

function readZone(zone: string): string {
  if (zone === "" || zone === "default" || zone === "browser") return "browser";
  return zone.toLowerCase() === "utc" ? "utc" : zone;
}

function readPanels(value: unknown): PanelModel[] {
  const panels = list(value).map((panel) => readPanel(record(panel)));
  giveIds(panels);
  takeTransformations(panels);
  return panels;
}

/** A panel of another panel's data may begin where that one's transformations end. */
function takeTransformations(panels: PanelModel[]): void {
  const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const byId = new Map(all.map((panel) => [panel.id, panel.transformations ?? []]));
  for (const panel of all) {
    const source = panel.targets.find((t) => t.withTransforms === true && typeof t.panelId === "number");
    const before = source && byId.get(source.panelId as number);
    if (before) panel.transformations = [...before, ...(panel.transformations ?? [])];
  }
}

function readPanel(raw: Json): PanelModel {
  const grid = record(raw.gridPos);
  const fieldConfig = record(raw.fieldConfig);
  const isRow = raw.type === "row";
  return {
    ...raw,
    id: number(raw.id, 0),
    type: text(raw.type, "timeseries"),
    title: text(raw.title),
    gridPos: {
      x: Math.max(0, Math.min(23, number(grid.x, 0))),
      y: Math.max(0, number(grid.y, 0)),
      w: Math.max(1, Math.min(24, number(grid.w, isRow ? 24 : 12))),
      h: Math.max(1, number(grid.h, isRow ? 1 : 8)),
    },
    targets: readTargets(raw.targets),
    options: record(raw.options),
    fieldConfig: {
      defaults: record(fieldConfig.defaults),
      overrides: list(fieldConfig.overrides) as PanelModel["fieldConfig"]["overrides"],
    },
    ...(isRow ? { panels: list(raw.panels).map((panel) => readPanel(record(panel))) } : {}),
  } as PanelModel;
}

/** Generated files leave refIds out: A, B, … in their order. */
function readTargets(value: unknown): Target[] {
  const targets = list(value).map(record);
  const taken = new Set(targets.map((t) => t.refId).filter((id) => typeof id === "string" && id !== ""));
  let next = 0;
  return targets.map((target) => {
    if (typeof target.refId === "string" && target.refId !== "") return target as unknown as Target;
    while (taken.has(letters(next))) next += 1;
    const refId = letters(next);
    taken.add(refId);
    return { ...target, refId } as Target;
  });
}

function letters(n: number): string {
  return n < 26 ? String.fromCharCode(65 + n) : letters(Math.floor(n / 26) - 1) + letters(n % 26);
}

/** Ids that are missing or used twice are replaced by free ones. */
function giveIds(panels: PanelModel[]): void {
  const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  let next = Math.max(0, ...all.map((p) => p.id)) + 1;
  const seen = new Set<number>();
  for (const panel of all) {
    if (panel.id <= 0 || seen.has(panel.id)) panel.id = next++;
    seen.add(panel.id);
  }
}
