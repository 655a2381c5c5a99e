/** Values written beside their points, as many as have room. */

import type uPlot from "uplot";
import { formattedText } from "../lib/format";
import { textWidth, UI_FONT } from "./measure";
import type { ChartSeries } from "./timeSeries";

const FONT_PX = 11;
const GAP_PX = 3;
/** Texts of one chart: beyond this nothing can be read. */
const MAX_TEXTS = 600;

/** For series with `showValues`: above the point, where no other text stands. */
export function drawValueTexts(u: uPlot, series: readonly ChartSeries[]): void {
  const wanted = series.flatMap((entry, index) => (entry.options.showValues && entry.visible ? [index] : []));
  if (wanted.length === 0) {
    return;
  }
  const taken: Box[] = [];
  const { ctx } = u;
  ctx.save();
  ctx.font = `500 ${FONT_PX * devicePixelRatio}px ${UI_FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "bottom";
  for (const index of wanted) {
    drawSeries(u, series[index] as ChartSeries, index + 1, taken);
  }
  ctx.restore();
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function drawSeries(u: uPlot, { field, values, color }: ChartSeries, at: number, taken: Box[]): void {
  const [from, to] = u.series[0]?.idxs ?? [0, 0];
  const drawn = u.data[at] ?? [];
  const scale = u.series[at]?.scale ?? "y";
  u.ctx.fillStyle = color;
  for (let index = from; index <= to && taken.length < MAX_TEXTS; index++) {
    const value = values[index];
    const place = drawn[index];
    if (typeof value !== "number" || typeof place !== "number") {
      continue;
    }
    const text = field.display ? formattedText(field.display(value)) : String(value);
    const x = u.valToPos(u.data[0][index] as number, "x");
    const y = u.valToPos(place, scale) - GAP_PX;
    const half = textWidth(text, FONT_PX, 500) / 2;
    const box = { left: x - half - 2, right: x + half + 2, top: y - FONT_PX - 1, bottom: y + 1 };
    if (taken.every((other) => apart(box, other))) {
      taken.push(box);
      u.ctx.fillText(text, u.bbox.left + x * devicePixelRatio, u.bbox.top + y * devicePixelRatio);
    }
  }
}

const apart = (a: Box, b: Box) => a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
