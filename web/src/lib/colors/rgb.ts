/** Reading and writing CSS colours. */

export interface Rgb {
  r: number;
  g: number;
  b: number;
  /** 0 to 1. */
  a?: number;
}

const HEX = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
const parsed = new Map<string, Rgb>();
let probe: CanvasRenderingContext2D | null | undefined;

/** Hex, rgb() and rgba(), and through the browser every other CSS colour. Unknown text is grey. */
export function parseColor(text: string): Rgb {
  let rgb = parsed.get(text);
  if (rgb === undefined) {
    rgb = parseHex(text) ?? parseFunction(text) ?? parseByBrowser(text) ?? { r: 128, g: 128, b: 128 };
    parsed.set(text, rgb);
  }
  return rgb;
}

function parseHex(text: string): Rgb | undefined {
  if (!HEX.test(text)) {
    return undefined;
  }
  const digits = text.slice(1);
  const full = digits.length < 5 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const channel = (at: number) => Number.parseInt(full.slice(at, at + 2), 16);
  const rgb: Rgb = { r: channel(0), g: channel(2), b: channel(4) };
  return full.length === 8 ? { ...rgb, a: channel(6) / 255 } : rgb;
}

function parseFunction(text: string): Rgb | undefined {
  const match = /^rgba?\(([^)]*)\)$/i.exec(text.trim());
  const parts = match?.[1]?.split(/[\s,/]+/).filter(Boolean);
  if (parts === undefined || parts.length < 3) {
    return undefined;
  }
  const [r = 0, g = 0, b = 0, a] = parts.map((part, index) =>
    part.endsWith("%") ? (Number.parseFloat(part) / 100) * (index < 3 ? 255 : 1) : Number.parseFloat(part),
  );
  return a === undefined ? { r, g, b } : { r, g, b, a };
}

function parseByBrowser(text: string): Rgb | undefined {
  if (probe === undefined) {
    // jsdom has no canvas and says so by throwing.
    try {
      probe = document.createElement("canvas").getContext("2d");
    } catch {
      probe = null;
    }
  }
  if (!probe) {
    return undefined;
  }
  probe.fillStyle = "#010203";
  probe.fillStyle = text;
  const seen = String(probe.fillStyle);
  return seen === "#010203" ? undefined : (parseHex(seen) ?? parseFunction(seen));
}

/** `rgb(…)` text in whole channels. */
export function rgbText({ r, g, b, a }: Rgb): string {
  const channels = [r, g, b].map((channel) => Math.round(channel)).join(", ");
  return a === undefined ? `rgb(${channels})` : `rgba(${channels}, ${a})`;
}

export function withAlpha(color: string, alpha: number): string {
  return rgbText({ ...parseColor(color), a: alpha });
}

/** `share` 0 is the first colour, 1 the second. */
export function mix(first: string, second: string, share: number): string {
  const [a, b] = [parseColor(first), parseColor(second)];
  const channel = (from: number, to: number) => from + (to - from) * share;
  return rgbText({ r: channel(a.r, b.r), g: channel(a.g, b.g), b: channel(a.b, b.b) });
}
