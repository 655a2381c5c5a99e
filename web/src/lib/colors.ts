/** Colours by name, palettes and schemes, as people know them from Grafana. */

import { parseColor, type Rgb, rgbText } from "./colors/rgb";

export { parseColor, withAlpha } from "./colors/rgb";

export type ThemeName = "dark" | "light";

/** From the darkest tone's name to the lightest: hex values per hue and theme. */
const TONES = ["dark-", "semi-dark-", "", "light-", "super-light-"] as const;

const HUES: Record<ThemeName, Record<string, string>> = {
  dark: {
    red: "C4162A E02F44 F2495C FF7383 FFA6B0",
    orange: "FA6400 FF780A FF9830 FFB357 FFCB7D",
    yellow: "E0B400 F2CC0C FADE2A FFEE52 FFF899",
    green: "37872D 56A64B 73BF69 96D98D C8F2C2",
    blue: "1F60C4 3274D9 5794F2 8AB8FF C0D8FF",
    purple: "8F3BB8 A352CC B877D9 CA95E5 DEB6F2",
  },
  light: {
    red: "AD0317 C4162A E02F44 F2495C FF7383",
    orange: "E55400 FA6400 FF780A FF9830 FFB357",
    yellow: "CC9D00 E0B400 F2CC0C FADE2A FFEE52",
    green: "19730E 37872D 56A64B 73BF69 96D98D",
    blue: "1250B0 1F60C4 3274D9 5794F2 8AB8FF",
    purple: "7C2EA3 8F3BB8 A352CC B877D9 CA95E5",
  },
};

/** What charts are drawn upon, and plain text: `panel-bg` and `text` as colour names. */
const SURFACES: Record<ThemeName, { panel: string; text: string }> = {
  dark: { panel: "#171b22", text: "#d9dee7" },
  light: { panel: "#ffffff", text: "#2a313d" },
};

/** The surface that decides which palette colours have contrast enough; fixed, so that names keep their colours. */
const CONTRAST_SURFACE: Record<ThemeName, string> = { dark: "#181b1f", light: "#ffffff" };

export const FALLBACK_COLOR = "#808080";

/** The classic palette, in the order in which series take its colours. */
export const CLASSIC_PALETTE: readonly string[] = `green semi-dark-yellow blue orange red purple dark-green dark-yellow
dark-blue dark-orange dark-red dark-purple super-light-green super-light-yellow super-light-blue super-light-orange
super-light-red super-light-purple #447EBC #C15C17 #890F02 #0A437C #6D1F62 #584477 #B7DBAB #F4D598 #70DBED #F9BA8F
#F29191 #82B5D8 #E5A8E2 #AEA2E0 #629E51 #E5AC0E #64B0C8 #E0752D #BF1B00 #0A50A1 #962D82 #614D93 #9AC48A #F2C96D
#65C5DB #F9934E #EA6460 #5195CE #D683CE #806EB7 #3F6833 #967302 #2F575E #99440A #58140C #052B51 #511749 #3F2B5B
#E0F9D7 #FCEACA #CFFAFF #F9E2D2 #FCE2DE #BADFF4 #F9D9F9 #DEDAF7`.split(/\s+/);

/** Distinguishable with the common kinds of colour blindness. */
const COLORBLIND_PALETTE = "#0072B2 #E69F00 #009E73 #CC79A7 #56B4E9 #D55E00 #F0E442 #000000 #FFFFFF".split(" ");

const SCHEMES: Record<string, readonly string[]> = {
  "continuous-GrYlRd": ["green", "yellow", "red"],
  "continuous-RdYlGr": ["red", "yellow", "green"],
  "continuous-BlYlRd": ["dark-blue", "super-light-yellow", "dark-red"],
  "continuous-YlRd": ["super-light-yellow", "dark-red"],
  "continuous-BlPu": ["blue", "purple"],
  "continuous-YlBl": ["super-light-yellow", "dark-blue"],
  "continuous-blues": ["panel-bg", "dark-blue"],
  "continuous-reds": ["panel-bg", "dark-red"],
  "continuous-greens": ["panel-bg", "dark-green"],
  "continuous-purples": ["panel-bg", "dark-purple"],
  "continuous-viridis": [
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#fde725",
  ],
  "continuous-magma": [
    "#000004",
    "#1d1147",
    "#51127c",
    "#832681",
    "#b73779",
    "#e75263",
    "#fc8961",
    "#fec488",
    "#fcfdbf",
  ],
  "continuous-plasma": [
    "#0d0887",
    "#4c02a1",
    "#7e03a8",
    "#aa2395",
    "#cc4778",
    "#e66c5c",
    "#f89540",
    "#fdc527",
    "#f0f921",
  ],
  "continuous-inferno": [
    "#000004",
    "#210c4a",
    "#57106e",
    "#8a226a",
    "#bc3754",
    "#e45a31",
    "#f98e09",
    "#f9cb35",
    "#fcffa4",
  ],
  "continuous-cividis": [
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#fee838",
  ],
};

function namesOf(theme: ThemeName): Map<string, string> {
  const names = new Map<string, string>([
    ["transparent", theme === "light" ? "rgba(255, 255, 255, 0)" : "rgba(0,0,0,0)"],
    ["panel-bg", SURFACES[theme].panel],
    ["text", SURFACES[theme].text],
  ]);
  for (const [hue, values] of Object.entries(HUES[theme])) {
    values.split(" ").forEach((value, tone) => {
      names.set(`${TONES[tone]}${hue}`, `#${value}`);
    });
  }
  return names;
}

const NAMES: Record<ThemeName, Map<string, string>> = { dark: namesOf("dark"), light: namesOf("light") };

/** The CSS colour of a name, hex or rgb text; CSS' own names pass through. */
export function colorByName(name: string | undefined | null, theme: ThemeName): string {
  return name ? (NAMES[theme].get(name) ?? name) : FALLBACK_COLOR;
}

export function isContinuous(mode: string | undefined): boolean {
  return mode !== undefined && Object.hasOwn(SCHEMES, mode);
}

/** Whether a mode colours by value rather than by series. Modes that are not known count as thresholds. */
export function isByValue(mode: string | undefined): boolean {
  return !SERIES_MODES.has(mode ?? "thresholds");
}

const SERIES_MODES = new Set([
  "fixed",
  "shades",
  "gradient",
  "palette-classic",
  "palette-classic-by-name",
  "palette-colorblind",
]);

const luminance = ({ r, g, b }: Rgb): number => {
  const channel = (value: number) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
};

/** WCAG contrast, 1 to 21. */
export function contrastRatio(first: string, second: string): number {
  const [a, b] = [luminance(parseColor(first)), luminance(parseColor(second))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Black or white, whichever is easier to read upon a background. */
export function readableOn(background: string): string {
  return luminance(parseColor(background)) > 0.36 ? "rgb(17, 20, 26)" : "#ffffff";
}

const byNamePalettes = new Map<ThemeName, string[]>();

function byNamePalette(theme: ThemeName): string[] {
  let palette = byNamePalettes.get(theme);
  if (palette === undefined) {
    palette = CLASSIC_PALETTE.map((name) => colorByName(name, theme)).filter(
      (color) => contrastRatio(color, CONTRAST_SURFACE[theme]) >= 3,
    );
    byNamePalettes.set(theme, palette);
  }
  return palette;
}

/** djb2 from the last character to the first: which palette colour a name takes. */
function nameHash(name: string): number {
  let hash = 5381;
  for (let index = name.length - 1; index >= 0; index--) {
    hash = (hash * 33) ^ name.charCodeAt(index);
  }
  return hash >>> 0;
}

function picked(colors: readonly string[], index: number): string {
  return colors[Math.abs(index) % colors.length] ?? FALLBACK_COLOR;
}

export function classicColor(index: number, theme: ThemeName): string {
  return colorByName(picked(CLASSIC_PALETTE, index), theme);
}

/** The colour of a whole series in the modes that do not look at its values. */
export function seriesModeColor(
  color: { mode?: string; fixedColor?: string },
  series: { index: number; name: string },
  theme: ThemeName,
): string {
  switch (color.mode) {
    case "palette-classic":
      return classicColor(series.index, theme);
    case "palette-classic-by-name":
      return picked(byNamePalette(theme), nameHash(series.name));
    case "palette-colorblind":
      return picked(
        COLORBLIND_PALETTE.filter((entry) => contrastRatio(entry, CONTRAST_SURFACE[theme]) >= 3),
        series.index,
      );
    case "shades":
      return shade(colorByName(color.fixedColor, theme), series.index);
    default:
      return colorByName(color.fixedColor, theme);
  }
}

/** Neighbouring tones of one colour: lighter and darker in turn, the hue turned a little. */
function shade(base: string, index: number): string {
  const step = Math.ceil((index % 11) / 2);
  if (step === 0) {
    return base;
  }
  const share = step / 6;
  const rgb = parseColor(base);
  if ((index % 11) % 2 === 1) {
    const lift = 255 * 0.35 * share;
    return rgbText({ r: Math.min(255, rgb.r + lift), g: Math.min(255, rgb.g + lift), b: Math.min(255, rgb.b + lift) });
  }
  const factor = 1 - 0.7 * share;
  return rgbText({ r: rgb.r * factor, g: rgb.g * factor, b: rgb.b * factor });
}

/** The colours that a continuous scheme runs through. */
export function schemeColors(mode: string, theme: ThemeName): string[] {
  return (SCHEMES[mode] ?? []).map((name) => colorByName(name, theme));
}

const ramps = new Map<string, (percent: number) => string>();

/** A scheme as a function of 0 to 1: a uniform B-spline through its colours. */
export function schemeRamp(mode: string, theme: ThemeName): (percent: number) => string {
  const key = `${mode}/${theme}`;
  let ramp = ramps.get(key);
  if (ramp === undefined) {
    ramp = splineRamp(schemeColors(mode, theme).map(parseColor));
    ramps.set(key, ramp);
  }
  return ramp;
}

function splineRamp(colors: Rgb[]): (percent: number) => string {
  const channels = (["r", "g", "b"] as const).map((channel) => basis(colors.map((color) => color[channel])));
  return (percent) => {
    const [r = 0, g = 0, b = 0] = channels.map((at) => at(Number.isFinite(percent) ? percent : 0));
    return rgbText({ r, g, b });
  };
}

function basis(values: number[]): (t: number) => number {
  const segments = values.length - 1;
  const value = (index: number) => values[index] ?? 0;
  return (t) => {
    const clamped = Math.min(1, Math.max(0, t));
    const segment = Math.min(segments - 1, Math.floor(clamped * segments));
    const [v1, v2] = [value(segment), value(segment + 1)];
    const v0 = segment > 0 ? value(segment - 1) : 2 * v1 - v2;
    const v3 = segment < segments - 1 ? value(segment + 2) : 2 * v2 - v1;
    const p = clamped * segments - segment;
    const [p2, p3] = [p * p, p * p * p];
    return (
      ((1 - 3 * p + 3 * p2 - p3) * v0 + (4 - 6 * p2 + 3 * p3) * v1 + (1 + 3 * p + 3 * p2 - 3 * p3) * v2 + p3 * v3) / 6
    );
  };
}
