/** What a legend lists, and how much room it takes: calculated, so that nothing jumps after the first paint. */

import { textWidth } from "../../charts/measure";
import type { Field } from "../../lib/dataFrame";
import { formattedText } from "../../lib/format";
import { reduceField, reducerInfo } from "../../lib/reduce";
import type { LegendOptions } from "../options";

export interface LegendItem {
  id: string;
  label: string;
  color: string;
  visible: boolean;
  /** One entry per calculation asked for. */
  calcs: LegendCalc[];
}

export interface LegendCalc {
  id: string;
  title: string;
  text: string;
  /** For sorting. */
  value: number;
}

/** The calculations of a series as texts in its unit. */
export function legendCalcs(field: Field, ids: readonly string[]): LegendCalc[] {
  const results = reduceField(field, ids);
  return ids.flatMap((id) => {
    const info = reducerInfo(id);
    if (!info) {
      return [];
    }
    const raw = results[id];
    const value = typeof raw === "number" ? raw : Number.NaN;
    const text = info.keepsUnit && field.display ? formattedText(field.display(raw)) : String(raw ?? "");
    return [{ id, title: info.name, text, value }];
  });
}

/** By the column of that title; "Name" or nothing known sorts by label or not at all. */
export function sortItems(items: readonly LegendItem[], sortBy: string | undefined, descending: boolean): LegendItem[] {
  if (!sortBy) {
    return [...items];
  }
  const sign = descending ? -1 : 1;
  const calcOf = (item: LegendItem) => item.calcs.find(({ title, id }) => title === sortBy || id === sortBy)?.value;
  return [...items].sort((a, b) => {
    if (sortBy === "Name") {
      return sign * a.label.localeCompare(b.label, undefined, { numeric: true });
    }
    const [x, y] = [calcOf(a) ?? Number.NaN, calcOf(b) ?? Number.NaN];
    if (Number.isNaN(x) || Number.isNaN(y)) {
      return Number.isNaN(x) ? (Number.isNaN(y) ? 0 : 1) : -1;
    }
    return sign * (x - y);
  });
}

export const LEGEND_FONT_PX = 12;
export const ROW_PX = 21;
const SWATCH_PX = 20;
const ITEM_GAP_PX = 14;
const CELL_PADDING_PX = 16;
/** The largest part of a panel that a legend takes. */
const MAX_SHARE = 0.35;

export interface LegendBox {
  placement: "bottom" | "right";
  width: number;
  height: number;
}

/** Below this width a legend on the right leaves no chart. */
const MIN_WIDTH_FOR_RIGHT = 380;

/** The legend's box within a panel of the given size. */
export function legendBox(
  items: readonly LegendItem[],
  options: LegendOptions,
  panel: { width: number; height: number },
): LegendBox {
  if (options.placement === "right" && panel.width >= MIN_WIDTH_FOR_RIGHT) {
    const wanted = options.width ?? Math.min(contentWidth(items, options), panel.width * MAX_SHARE * 1.3);
    return { placement: "right", width: Math.round(Math.min(wanted, panel.width * 0.6)), height: panel.height };
  }
  const wanted =
    options.mode === "table" ? (items.length + 1) * ROW_PX + 4 : listLines(items, panel.width - 8) * ROW_PX + 4;
  const room = Math.max(ROW_PX + 4, panel.height * MAX_SHARE);
  return { placement: "bottom", width: panel.width, height: Math.round(Math.min(wanted, room)) };
}

function itemWidth(item: LegendItem): number {
  const calcs = item.calcs.map(({ title, text }) => `${title}: ${text}`).join("  ");
  const text = calcs ? `${item.label}  ${calcs}` : item.label;
  return SWATCH_PX + textWidth(text, LEGEND_FONT_PX) + ITEM_GAP_PX;
}

/** How many lines the items fill when they flow. */
function listLines(items: readonly LegendItem[], width: number): number {
  let lines = 1;
  let used = 0;
  for (const item of items) {
    const wide = Math.min(width, itemWidth(item));
    if (used > 0 && used + wide > width) {
      lines += 1;
      used = 0;
    }
    used += wide;
  }
  return lines;
}

function contentWidth(items: readonly LegendItem[], options: LegendOptions): number {
  const labels = items.reduce((widest, { label }) => Math.max(widest, textWidth(label, LEGEND_FONT_PX)), 0);
  if (options.mode === "list") {
    return items.reduce((widest, item) => Math.max(widest, itemWidth(item)), 60) + 12;
  }
  const columns = items[0]?.calcs.map((calc, index) => {
    const texts = [calc.title, ...items.map((item) => item.calcs[index]?.text ?? "")];
    return texts.reduce((widest, text) => Math.max(widest, textWidth(text, LEGEND_FONT_PX)), 0) + CELL_PADDING_PX;
  });
  return SWATCH_PX + labels + (columns ?? []).reduce((sum, width) => sum + width, 0) + CELL_PADDING_PX + 14;
}
