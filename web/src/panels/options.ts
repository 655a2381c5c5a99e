/** Options that several panel types share, with their defaults filled in. */

import type { PanelModel } from "./types";

export interface ReduceOptions {
  /** One value a row instead of one a column. */
  values: boolean;
  calcs: string[];
  /** A pattern of field names; empty means all numeric ones. */
  fields: string;
  limit: number;
}

export interface LegendOptions {
  show: boolean;
  mode: "list" | "table";
  placement: "bottom" | "right";
  calcs: string[];
  sortBy?: string;
  sortDesc?: boolean;
  width?: number;
}

export interface TooltipOptions {
  mode: "single" | "multi" | "none";
  sort: "none" | "asc" | "desc";
  hideZeros: boolean;
  maxWidth?: number;
  maxHeight?: number;
}

export type Orientation = "auto" | "horizontal" | "vertical";

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** A value that must be one of a few texts. */
export function oneOf<T extends string>(value: unknown, allowed: readonly T[], fallback: T): T {
  return allowed.includes(value as T) ? (value as T) : fallback;
}

/** Rows shown when every row is a value. */
const DEFAULT_LIMIT = 25;

export function reduceOptions(panel: PanelModel): ReduceOptions {
  const given = record(panel.options?.reduceOptions);
  const calcs = Array.isArray(given.calcs) ? given.calcs.map(String) : [];
  return {
    values: given.values === true,
    calcs: calcs.length > 0 ? calcs : ["lastNotNull"],
    fields: typeof given.fields === "string" ? given.fields : "",
    limit: typeof given.limit === "number" && given.limit > 0 ? given.limit : DEFAULT_LIMIT,
  };
}

export function legendOptions(panel: PanelModel): LegendOptions {
  const given = record(panel.options?.legend);
  return {
    show: given.showLegend !== false && given.displayMode !== "hidden",
    mode: oneOf(given.displayMode, ["list", "table"], "list"),
    placement: oneOf(given.placement, ["bottom", "right"], "bottom"),
    calcs: Array.isArray(given.calcs) ? given.calcs.map(String) : [],
    sortBy: typeof given.sortBy === "string" ? given.sortBy : undefined,
    sortDesc: given.sortDesc === true,
    width: typeof given.width === "number" ? given.width : undefined,
  };
}

export function tooltipOptions(panel: PanelModel): TooltipOptions {
  const given = record(panel.options?.tooltip);
  return {
    mode: oneOf(given.mode, ["single", "multi", "none"], "single"),
    sort: oneOf(given.sort, ["none", "asc", "desc"], "none"),
    hideZeros: given.hideZeros === true,
    maxWidth: bounded(given.maxWidth),
    maxHeight: bounded(given.maxHeight),
  };
}

/** A size that can be seen, CSS pixels. */
function bounded(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? Math.min(4000, Math.max(80, value)) : undefined;
}

/** Time axes that one chart can carry. */
const MAX_TIME_ZONES = 4;

/** The zones of the time axes; an empty name means the dashboard's. */
export function timeZonesOption(panel: PanelModel, timeZone: string): string[] {
  const given = panel.options?.timezone;
  const zones = Array.isArray(given) ? given.map(String).map((zone) => zone || timeZone) : [];
  return zones.length > 0 ? [...new Set(zones)].slice(0, MAX_TIME_ZONES) : [timeZone];
}

export function orientationOption(panel: PanelModel): Orientation {
  return oneOf(panel.options?.orientation, ["auto", "horizontal", "vertical"], "auto");
}

export function textOption(panel: PanelModel, key: string): string | undefined {
  const value = panel.options?.[key];
  return typeof value === "string" ? value : undefined;
}

export function numberOption(source: unknown, key: string): number | undefined {
  const value = record(source)[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
