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
  graphTooltip: 0 | 1 | 2;
  links: DashboardLink[];
  hideTimePicker: boolean;
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
    graphTooltip: tooltip === 1 || tooltip === 2 ? tooltip : 0,
    links: list(raw.links).map(record) as DashboardLink[],
    hideTimePicker: picker.hidden === true,
  };
}

function readZone(zone: string): string {
  if (zone === "" || zone === "default" || zone === "browser") return "browser";
  return zone.toLowerCase() === "utc" ? "utc" : zone;
}

function readPanels(value: unknown): PanelModel[] {
  const panels = list(value).map((panel) => readPanel(record(panel)));
  giveIds(panels);
  return panels;
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
