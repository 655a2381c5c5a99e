/** What the tooltip of a series chart says at a place. */

import type uPlot from "uplot";
import { formatDate, formattedText } from "../lib/format";
import type { ChartSeries } from "./timeSeries";
import { MAX_PINNED_ROWS, MAX_ROWS, type TooltipContent, type TooltipLink, type TooltipSettings } from "./tooltip";

/** How far from the cursor a value of a sparse series is still meant, CSS pixels. */
const REACH_PX = 24;

interface Row {
  series: ChartSeries;
  place: number;
  value: number;
  text: string;
  near: boolean;
}

/** The rows at a place of the chart, sorted; the nearest series is marked. */
export function tooltipRows(u: uPlot, series: readonly ChartSeries[], settings: TooltipSettings): Row[] {
  const index = u.cursor.idx;
  const top = u.cursor.top ?? -1;
  if (index === null || index === undefined) {
    return [];
  }
  const rows: Row[] = [];
  let nearest: Row | undefined;
  let distance = Number.POSITIVE_INFINITY;
  series.forEach((entry, at) => {
    if (!entry.visible || entry.options.hideFrom.tooltip) {
      return;
    }
    const place = placeOf(u, entry, index);
    const value = place < 0 ? undefined : entry.values[place];
    if (typeof value !== "number" || (settings.hideZeros && value === 0)) {
      return;
    }
    const drawn = u.data[at + 1]?.[place];
    const row: Row = { series: entry, place, value, text: valueText(entry, value), near: false };
    rows.push(row);
    const away =
      typeof drawn === "number" ? Math.abs(u.valToPos(drawn, u.series[at + 1]?.scale ?? "y") - top) : distance;
    if (away < distance) {
      [nearest, distance] = [row, away];
    }
  });
  if (nearest) {
    nearest.near = true;
  }
  if (settings.mode === "single") {
    return nearest ? [nearest] : [];
  }
  if (settings.sort !== "none") {
    const sign = settings.sort === "asc" ? 1 : -1;
    rows.sort((a, b) => sign * (a.value - b.value));
  }
  return rows;
}

export interface SeriesTooltip {
  series: readonly ChartSeries[];
  settings: TooltipSettings;
  /** What stands above the rows for a place on the x axis; a date where it is not given. */
  titleOf?: (x: number) => string;
  linksOf?: (series: ChartSeries, place: number) => TooltipLink[];
}

/** The whole box; null where the cursor is on nothing. */
export function seriesTooltip(u: uPlot, spec: SeriesTooltip, pinned: boolean): TooltipContent | null {
  const { settings, series } = spec;
  const { left = -1, idx } = u.cursor;
  const rows = left < 0 || settings.mode === "none" ? [] : tooltipRows(u, series, settings);
  const time = idx === null || idx === undefined ? undefined : u.data[0][idx];
  if (rows.length === 0 || time === undefined || time === null) {
    return null;
  }
  const limit = pinned ? MAX_PINNED_ROWS : MAX_ROWS;
  const near = rows.find((row) => row.near);
  return {
    title: spec.titleOf?.(time) ?? formatDate(time, "YYYY-MM-DD HH:mm:ss", settings.timeZone),
    rows: rows.slice(0, limit).map((row) => ({
      label: row.series.label,
      color: row.series.color,
      text: row.text,
      near: row.near,
    })),
    more: Math.max(0, rows.length - limit),
    links: near ? spec.linksOf?.(near.series, near.place) : undefined,
    maxWidth: settings.maxWidth,
    maxHeight: settings.maxHeight,
  };
}

function valueText({ field }: ChartSeries, value: number): string {
  return field.display ? formattedText(field.display(value)) : String(value);
}

/** The index itself, or for a series without that time its nearest one. */
function placeOf(u: uPlot, { values }: ChartSeries, index: number): number {
  if (values[index] !== undefined) {
    return index;
  }
  const at = (place: number) => u.valToPos(u.data[0][place] as number, "x");
  const here = at(index);
  for (let step = 1; step < values.length; step++) {
    const candidates = [index - step, index + step].filter((place) => place >= 0 && place < values.length);
    const reachable = candidates.filter((place) => Math.abs(at(place) - here) <= REACH_PX);
    if (reachable.length === 0) {
      return -1;
    }
    const found = reachable.find((place) => typeof values[place] === "number");
    if (found !== undefined) {
      return found;
    }
  }
  return -1;
}
