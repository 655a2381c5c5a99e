/** Thresholds upon a chart: areas behind the series, lines over them. */

import type uPlot from "uplot";
import { colorByName, type ThemeName, withAlpha } from "../lib/colors";
import { absoluteSteps } from "../lib/fieldConfig/thresholds";
import type { ScaleSpec } from "./scales";

const AREA_ALPHA = 0.13;
const LINE_ALPHA = 0.75;

interface Placed {
  from: number;
  to: number;
  color: string;
  isBase: boolean;
}

function placedSteps(u: uPlot, spec: ScaleSpec): Placed[] {
  const scale = u.scales[spec.key];
  if (scale?.min === undefined || scale.max === undefined) {
    return [];
  }
  const { min, max } = scale;
  const { config, state } = spec.field;
  const steps = absoluteSteps(
    spec.field,
    config.min ?? state?.range?.min ?? min,
    config.max ?? state?.range?.max ?? max,
  );
  return steps.map((step, index) => ({
    from: Math.max(min, step.value),
    to: Math.min(max, steps[index + 1]?.value ?? max),
    color: step.color,
    isBase: step.value === Number.NEGATIVE_INFINITY,
  }));
}

/** Paints the thresholds of every scale that asks for them; `phase` says whether the series stand already. */
export function drawThresholds(u: uPlot, specs: readonly ScaleSpec[], theme: ThemeName, phase: "under" | "over"): void {
  for (const spec of specs) {
    const style = spec.options.thresholdsStyle;
    const wanted = phase === "under" ? style.includes("area") : style.includes("line") || style.startsWith("dashed");
    if (!wanted) {
      continue;
    }
    u.ctx.save();
    for (const step of placedSteps(u, spec)) {
      if (phase === "under") {
        drawArea(u, spec.key, step, theme);
      } else if (!step.isBase) {
        drawLine(u, spec, step, theme);
      }
    }
    u.ctx.restore();
  }
}

function drawArea(u: uPlot, key: string, step: Placed, theme: ThemeName): void {
  if (step.to <= step.from) {
    return;
  }
  const [top, bottom] = [u.valToPos(step.to, key, true), u.valToPos(step.from, key, true)];
  const color = colorByName(step.color, theme);
  u.ctx.fillStyle = step.color === "transparent" ? color : withAlpha(color, AREA_ALPHA);
  u.ctx.fillRect(u.bbox.left, top, u.bbox.width, bottom - top);
}

function drawLine(u: uPlot, spec: ScaleSpec, step: Placed, theme: ThemeName): void {
  const scale = u.scales[spec.key];
  if (scale?.min === undefined || scale.max === undefined || step.from < scale.min || step.from > scale.max) {
    return;
  }
  const y = Math.round(u.valToPos(step.from, spec.key, true));
  const { ctx } = u;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = withAlpha(colorByName(step.color, theme), LINE_ALPHA);
  ctx.setLineDash(
    spec.options.thresholdsStyle.startsWith("dashed") ? [10 * devicePixelRatio, 10 * devicePixelRatio] : [],
  );
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, y);
  ctx.lineTo(u.bbox.left + u.bbox.width, y);
  ctx.stroke();
}
