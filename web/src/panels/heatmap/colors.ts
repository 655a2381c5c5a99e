/** Colours of cells: a scheme or one colour that fades, in steps. */

import * as chromatic from "d3-scale-chromatic";
import { colorByName, type ThemeName, withAlpha } from "../../lib/colors";
import type { HeatmapOptions } from "./options";

/** Diverging schemes run from red: a heatmap wants red for much. */
const INVERTED_ALWAYS = new Set("BrBG PiYG PRGn PuOr RdBu RdGy RdYlBu RdYlGn Spectral".split(" "));
/** Those that begin dark: on a light page few should be light. */
const INVERTED_ON_LIGHT = new Set(
  "Cividis Viridis Magma Inferno Plasma Warm Cool CubehelixDefault Cubehelix".split(" "),
);

const NEVER_INVERTED = new Set(["Turbo", "Rainbow", "Sinebow"]);

const interpolators = chromatic as unknown as Record<string, (share: number) => string>;

/** A scheme as a function of 0 (few) to 1 (many). Unknown names are Oranges. */
export function schemeFunction(name: string, reverse: boolean, theme: ThemeName): (share: number) => string {
  const key = `interpolate${name === "Cubehelix" ? "CubehelixDefault" : name}`;
  const known = /^[A-Za-z]+$/.test(name) && typeof interpolators[key] === "function";
  const scheme = known ? name : "Oranges";
  const ramp = (known ? interpolators[key] : chromatic.interpolateOranges) as (share: number) => string;
  const inverted =
    INVERTED_ALWAYS.has(scheme) ||
    (INVERTED_ON_LIGHT.has(scheme) ? theme === "light" : !NEVER_INVERTED.has(scheme) && theme === "dark");
  return inverted !== reverse ? (share) => ramp(1 - share) : ramp;
}

export interface Palette {
  colors: string[];
  /** Index into `colors`. */
  indexOf: (value: number) => number;
}

export function cellPalette({ color }: HeatmapOptions, range: [number, number], theme: ThemeName): Palette {
  const { steps } = color;
  const shares = Array.from({ length: steps }, (_, index) => index / (steps - 1));
  const curve = (share: number) => (color.scale === "exponential" ? share ** color.exponent : share);
  const fill = colorByName(color.fill, theme);
  const ramp = schemeFunction(color.scheme, color.reverse, theme);
  const fades = color.mode === "opacity";
  const colors = shares.map((share) =>
    fades ? withAlpha(fill, 0.04 + 0.96 * (color.reverse ? 1 - share : share)) : ramp(share),
  );
  const [min, max] = range;
  const span = max - min;
  return {
    colors,
    indexOf: (value) => {
      const share = span > 0 ? Math.min(1, Math.max(0, (value - min) / span)) : 1;
      return Math.round(curve(share) * (steps - 1));
    },
  };
}
