/** Exemplars on a chart: a diamond at each measurement, with its labels beside the cursor. */

import type uPlot from "uplot";
import { formatDate } from "../lib/format";
import { token } from "./tokens";
import type { TooltipContent, TooltipLink } from "./tooltip";

/** One exemplar, ready to be drawn. */
export interface DrawnExemplar {
  timeMs: number;
  value: number;
  /** The scale it is measured on. */
  scaleKey: string;
  /** The value in its unit. */
  text: string;
  labels: readonly (readonly [string, string])[];
  link?: TooltipLink;
}

/** More diamonds than this are a wall. */
export const MAX_EXEMPLARS = 2000;
const SIZE_PX = 5;
const REACH_PX = 8;

/** Painted over the series; values beyond the axis stand at its edge. */
export function drawExemplars(u: uPlot, exemplars: readonly DrawnExemplar[], color?: string): void {
  if (exemplars.length === 0) {
    return;
  }
  const { ctx, bbox } = u;
  const size = SIZE_PX * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = color ?? token("--accent");
  ctx.strokeStyle = token("--bg-surface");
  ctx.lineWidth = devicePixelRatio;
  for (const exemplar of exemplars) {
    const place = placeOf(u, exemplar, true);
    if (place === undefined || place.x < bbox.left || place.x > bbox.left + bbox.width) {
      continue;
    }
    ctx.beginPath();
    ctx.moveTo(place.x, place.y - size);
    ctx.lineTo(place.x + size, place.y);
    ctx.lineTo(place.x, place.y + size);
    ctx.lineTo(place.x - size, place.y);
    ctx.closePath();
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

function placeOf(u: uPlot, { timeMs, value, scaleKey }: DrawnExemplar, canvas: boolean) {
  const scale = u.scales[scaleKey];
  if (scale?.min === undefined || scale.max === undefined) {
    return undefined;
  }
  const within = Math.min(scale.max, Math.max(scale.min, value));
  return { x: u.valToPos(timeMs, "x", canvas), y: u.valToPos(within, scaleKey, canvas) };
}

/** The exemplar under the cursor. */
export function exemplarNear(u: uPlot, exemplars: readonly DrawnExemplar[] | undefined): DrawnExemplar | undefined {
  const { left = -1, top = -1 } = u.cursor;
  if (!exemplars?.length || left < 0) {
    return undefined;
  }
  let [found, distance]: [DrawnExemplar | undefined, number] = [undefined, REACH_PX];
  for (const exemplar of exemplars) {
    const place = placeOf(u, exemplar, false);
    const away = place ? Math.hypot(place.x - left, place.y - top) : Number.POSITIVE_INFINITY;
    if (away < distance) {
      [found, distance] = [exemplar, away];
    }
  }
  return found;
}

/** Its value, its labels and, pinned, the way to its trace. */
export function exemplarContent(exemplar: DrawnExemplar, timeZone: string): TooltipContent {
  return {
    title: formatDate(exemplar.timeMs, "YYYY-MM-DD HH:mm:ss.SSS", timeZone),
    rows: [
      { label: "Exemplar", text: exemplar.text, color: token("--accent"), near: true },
      ...exemplar.labels.slice(0, 30).map(([label, text]) => ({ label, text })),
    ],
    links: exemplar.link ? [exemplar.link] : undefined,
  };
}
