/** How many digits a number is shown with. */

export type Decimals = number | null | undefined;

/** About three significant digits for fractions, none for whole numbers. */
export function autoDecimals(value: number): number {
  if (value % 1 === 0) {
    return 0;
  }
  const magnitude = Math.abs(value);
  // Not Math.log10: its rounding differs at powers of ten.
  const places = 1 - Math.floor(Math.log(magnitude) / Math.LN10);
  const leading = magnitude / 10 ** -places;
  return Math.max(0, leading > 2.25 ? places + 1 : places);
}

/** The value rounded to `decimals` places and padded with zeros; null chooses the places. */
export function toFixed(value: number | null, decimals?: Decimals): string {
  if (value === null) {
    return "";
  }
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
    return value.toLocaleString();
  }
  const places = decimals ?? autoDecimals(value);
  if (value === 0) {
    return value.toFixed(places);
  }
  const factor = places > 0 ? 10 ** places : 1;
  const rounded = String(Math.round(value * factor) / factor);
  if (rounded.includes("e")) {
    return rounded;
  }
  const point = rounded.indexOf(".");
  const present = point < 0 ? 0 : rounded.length - point - 1;
  if (!(present < places)) {
    return rounded;
  }
  return `${present > 0 ? rounded : `${rounded}.`}${"0".repeat(places - present)}`;
}
