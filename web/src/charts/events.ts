/** Events over a time axis: lines, shaded stretches, and marks below that say what happened. */

import type uPlot from "uplot";
import { withAlpha } from "../lib/colors";
import styles from "./chart.module.css";
import type { ChartTooltip, TooltipContent } from "./tooltip";

export interface ChartEvent {
  fromMs: number;
  /** Equal to `fromMs` for a moment. */
  toMs: number;
  /** CSS colour. */
  color: string;
  content: TooltipContent;
}

const REGION_ALPHA = 0.12;

function visible(u: uPlot, events: readonly ChartEvent[]): readonly ChartEvent[] {
  const { min, max } = u.scales.x ?? {};
  return events.length === 0 || min === undefined || max === undefined
    ? []
    : events.filter((event) => event.toMs >= min && event.fromMs <= max);
}

/** Under the series. */
export function drawEventRegions(u: uPlot, events: readonly ChartEvent[]): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  for (const event of visible(u, events)) {
    if (event.toMs > event.fromMs) {
      const from = Math.max(left, u.valToPos(event.fromMs, "x", true));
      const to = Math.min(left + width, u.valToPos(event.toMs, "x", true));
      u.ctx.fillStyle = withAlpha(event.color, REGION_ALPHA);
      u.ctx.fillRect(from, top, Math.max(1, to - from), height);
    }
  }
  u.ctx.restore();
}

/** Over them. */
export function drawEventLines(u: uPlot, events: readonly ChartEvent[]): void {
  const shown = visible(u, events);
  if (shown.length === 0) {
    return;
  }
  const { left, top, width, height } = u.bbox;
  const { ctx } = u;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const event of shown) {
    ctx.strokeStyle = withAlpha(event.color, 0.8);
    for (const at of event.toMs > event.fromMs ? [event.fromMs, event.toMs] : [event.fromMs]) {
      const x = Math.round(u.valToPos(at, "x", true));
      if (x >= left && x <= left + width) {
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, top + height);
        ctx.stroke();
      }
    }
  }
  ctx.restore();
}

/** Marks that stand closer than this are one mark with several events. */
const MERGE_PX = 7;

/** The marks on the time axis: elements, so that keyboard and screen readers reach them. */
export class EventMarkers {
  private layer: HTMLElement | undefined;
  private key = "";

  constructor(private readonly tooltip: ChartTooltip) {}

  place(u: uPlot, events: readonly ChartEvent[]): void {
    const groups = grouped(u, visible(u, events));
    const key = groups.map(({ left, width, events: own }) => `${left},${width},${own.length}`).join(" ");
    if (key === this.key) {
      return;
    }
    this.key = key;
    this.layer ??= u.over.parentElement?.appendChild(document.createElement("div"));
    if (!this.layer) {
      return;
    }
    this.layer.className = styles.events ?? "";
    this.layer.style.left = `${u.over.offsetLeft}px`;
    this.layer.style.top = `${u.over.offsetTop + u.over.clientHeight}px`;
    this.layer.replaceChildren(...groups.map((group) => this.marker(group)));
  }

  destroy(): void {
    this.layer?.remove();
  }

  private marker({ left, width, events }: Group): HTMLElement {
    const [first] = events as [ChartEvent];
    const marker = document.createElement("button");
    const isRegion = width > 0;
    marker.type = "button";
    marker.className = `${styles.event} ${isRegion ? styles.region : ""}`;
    marker.style.left = `${left}px`;
    marker.style.width = isRegion ? `${width}px` : "";
    marker.style.setProperty("--event", first.color);
    const content = groupContent(events);
    marker.setAttribute("aria-label", `${content.title}: ${content.rows.map(({ label }) => label).join("; ")}`);
    const at = () => {
      const box = marker.getBoundingClientRect();
      return { x: box.left + box.width / 2, y: box.top };
    };
    const show = () => this.tooltip.update(at, () => content);
    marker.addEventListener("mouseenter", show);
    marker.addEventListener("focus", show);
    marker.addEventListener("mouseleave", () => this.tooltip.hide());
    marker.addEventListener("blur", () => this.tooltip.hide());
    marker.addEventListener("click", () => this.tooltip.pin(at(), content));
    return marker;
  }
}

interface Group {
  left: number;
  width: number;
  events: ChartEvent[];
}

function grouped(u: uPlot, events: readonly ChartEvent[]): Group[] {
  const groups: Group[] = [];
  const widest = u.over.clientWidth;
  for (const event of [...events].sort((a, b) => a.fromMs - b.fromMs)) {
    const left = Math.round(Math.max(0, u.valToPos(event.fromMs, "x")));
    const right = Math.round(Math.min(widest, u.valToPos(event.toMs, "x")));
    const last = groups[groups.length - 1];
    if (event.toMs > event.fromMs) {
      groups.push({ left, width: Math.max(6, right - left), events: [event] });
    } else if (last && last.width === 0 && left - last.left < MERGE_PX) {
      last.events.push(event);
    } else {
      groups.push({ left, width: 0, events: [event] });
    }
  }
  return groups;
}

const MAX_IN_GROUP = 12;

/** Several events in one box: each with its own time. */
function groupContent(events: readonly ChartEvent[]): TooltipContent {
  const [first] = events as [ChartEvent];
  if (events.length === 1) {
    return first.content;
  }
  return {
    title: `${events.length} events`,
    rows: events.slice(0, MAX_IN_GROUP).map(({ content, color }) => ({
      label: content.rows[0]?.label || content.note || content.title,
      color,
      text: content.title,
    })),
    more: Math.max(0, events.length - MAX_IN_GROUP),
  };
}
