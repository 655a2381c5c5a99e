/** The box beside the cursor: built by hand, because it changes with every move of the mouse. */

import type uPlot from "uplot";
import { formatDate, formattedText } from "../lib/format";
import type { ChartSeries } from "./timeSeries";
import styles from "./tooltip.module.css";

export interface TooltipSettings {
  mode: "single" | "multi" | "none";
  sort: "none" | "asc" | "desc";
  timeZone: string;
}

/** Rows beyond this are counted, not shown: nobody reads them, and each costs time. */
const MAX_ROWS = 40;
/** How far from the cursor a value of a sparse series is still meant, CSS pixels. */
const REACH_PX = 24;

interface Row {
  series: ChartSeries;
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
    if (typeof value !== "number") {
      return;
    }
    const drawn = u.data[at + 1]?.[place];
    const row: Row = { series: entry, value, text: valueText(entry, value), near: false };
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

/** A tooltip element that follows a chart's cursor. */
export class ChartTooltip {
  private readonly element = document.createElement("div");
  private frame = 0;

  constructor() {
    this.element.className = styles.tooltip ?? "";
    this.element.setAttribute("role", "status");
    this.element.hidden = true;
    document.body.append(this.element);
  }

  /** Redrawn at most once a frame, however often the mouse moves. */
  update(u: uPlot, series: readonly ChartSeries[], settings: TooltipSettings): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.render(u, series, settings));
  }

  hide(): void {
    cancelAnimationFrame(this.frame);
    this.element.hidden = true;
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.element.remove();
  }

  private render(u: uPlot, series: readonly ChartSeries[], settings: TooltipSettings): void {
    const { left = -1, top = -1, idx } = u.cursor;
    const rows = left < 0 || settings.mode === "none" ? [] : tooltipRows(u, series, settings);
    const time = idx === null || idx === undefined ? undefined : u.data[0][idx];
    if (rows.length === 0 || time === undefined) {
      this.element.hidden = true;
      return;
    }
    const children = [line(styles.time, formatDate(time, "YYYY-MM-DD HH:mm:ss", settings.timeZone))];
    const multi = rows.length > 1;
    for (const row of rows.slice(0, MAX_ROWS)) {
      children.push(rowElement(row, multi));
    }
    if (rows.length > MAX_ROWS) {
      children.push(line(styles.more, `and ${rows.length - MAX_ROWS} more`));
    }
    this.element.replaceChildren(...children);
    this.element.hidden = false;
    this.place(u, left, top);
  }

  /** Right of the cursor where there is room, never beyond the window. */
  private place(u: uPlot, left: number, top: number): void {
    const over = u.over.getBoundingClientRect();
    const box = this.element.getBoundingClientRect();
    const [x, y] = [over.left + left, over.top + top];
    const gap = 14;
    const fitsRight = x + gap + box.width <= innerWidth - 4;
    const placedX = fitsRight ? x + gap : Math.max(4, x - gap - box.width);
    const placedY = Math.max(4, Math.min(y + gap, innerHeight - box.height - 4));
    this.element.style.transform = `translate(${Math.round(placedX)}px, ${Math.round(placedY)}px)`;
  }
}

function line(className: string | undefined, text: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className ?? "";
  element.textContent = text;
  return element;
}

function rowElement({ series, text, near }: Row, multi: boolean): HTMLElement {
  const element = line(`${styles.row} ${near && multi ? styles.near : ""}`, "");
  const swatch = line(styles.swatch, "");
  swatch.style.background = series.color;
  element.append(swatch, line(styles.name, series.label), line(styles.value, text));
  return element;
}
