/** Fills and strokes that change with height or value. */

import type uPlot from "uplot";
import { colorByName, isContinuous, schemeRamp, type ThemeName, withAlpha } from "../lib/colors";
import { mix } from "../lib/colors/rgb";
import type { Field } from "../lib/dataFrame";
import { absoluteSteps } from "../lib/fieldConfig/thresholds";

type Paint = uPlot.Series["fill"];

interface Stop {
  at: number;
  color: string;
}

function vertical(u: uPlot, stops: Stop[]): CanvasGradient | string {
  const { top, height } = u.bbox;
  if (!Number.isFinite(height) || height <= 0) {
    return stops[0]?.color ?? "transparent";
  }
  const gradient = u.ctx.createLinearGradient(0, top, 0, top + height);
  for (const { at, color } of stops) {
    gradient.addColorStop(Math.min(1, Math.max(0, at)), color);
  }
  return gradient;
}

/** From the fill's own strength at the top to nothing at the bottom. */
export function opacityFill(color: string, opacity: number): Paint {
  return (u) =>
    vertical(u, [
      { at: 0, color: withAlpha(color, opacity) },
      { at: 1, color: withAlpha(color, 0) },
    ]);
}

/** From a lighter to a darker neighbour of the colour. */
export function huePaint(color: string, opacity: number): Paint {
  return (u) =>
    vertical(u, [
      { at: 0, color: withAlpha(mix(color, "#ffffff", 0.35), opacity) },
      { at: 1, color: withAlpha(mix(color, "#000000", 0.35), opacity) },
    ]);
}

const SCHEME_STOPS = 12;

/** The field's threshold or scheme colours at the heights of their values. */
export function schemePaint(field: Field, scaleKey: string, theme: ThemeName, opacity: number): Paint {
  const mode = field.config.color?.mode ?? "thresholds";
  return (u) => {
    const scale = u.scales[scaleKey];
    if (scale?.min === undefined || scale.max === undefined) {
      return "transparent";
    }
    const [min, max] = [field.state?.range?.min ?? scale.min, field.state?.range?.max ?? scale.max];
    const place = (value: number) => (u.valToPos(value, scaleKey, true) - u.bbox.top) / u.bbox.height;
    if (isContinuous(mode)) {
      const ramp = schemeRamp(mode, theme);
      const stops = Array.from({ length: SCHEME_STOPS + 1 }, (_, index) => {
        const share = index / SCHEME_STOPS;
        return { at: place(min + (max - min) * share), color: withAlpha(ramp(share), opacity) };
      });
      return vertical(
        u,
        stops.sort((a, b) => a.at - b.at),
      );
    }
    return vertical(
      u,
      thresholdStops(field, { min, max }, place, (name) => withAlpha(colorByName(name, theme), opacity)),
    );
  };
}

/** Hard edges: each step's colour ends where the next one's begins. */
function thresholdStops(
  field: Field,
  range: { min: number; max: number },
  place: (value: number) => number,
  paint: (name: string) => string,
): Stop[] {
  const steps = absoluteSteps(field, range.min, range.max);
  const stops: Stop[] = [];
  steps.forEach((step, index) => {
    const from = step.value === Number.NEGATIVE_INFINITY ? 1 : place(step.value);
    const next = steps[index + 1];
    const to = next === undefined ? 0 : place(next.value);
    stops.push({ at: from, color: paint(step.color) }, { at: to, color: paint(step.color) });
  });
  return stops.reverse();
}
