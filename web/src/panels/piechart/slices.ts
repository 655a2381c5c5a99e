/** Slices of a pie. */

import type { FieldValue } from "../values/fieldValues";

export interface Slice {
  value: FieldValue;
  /** Turns, 0 to 1, clockwise from the top. */
  from: number;
  to: number;
  share: number;
}

/** Values that are no positive numbers have no slice. */
export function slices(values: readonly FieldValue[], sort: "desc" | "asc" | "none"): Slice[] {
  const positive = values.filter(({ display }) => display.numeric > 0 && Number.isFinite(display.numeric));
  const sign = sort === "asc" ? 1 : -1;
  const ordered =
    sort === "none" ? positive : [...positive].sort((a, b) => sign * (a.display.numeric - b.display.numeric));
  const total = ordered.reduce((sum, { display }) => sum + display.numeric, 0);
  let from = 0;
  return ordered.map((value) => {
    const share = value.display.numeric / total;
    const slice = { value, from, to: from + share, share };
    from += share;
    return slice;
  });
}

/** A slice as an SVG path; a whole circle is drawn as two halves. */
export function slicePath(
  { from, to }: Pick<Slice, "from" | "to">,
  center: number,
  outer: number,
  inner: number,
): string {
  const end = to - from >= 1 ? from + 0.99999 : to;
  const at = (radius: number, turn: number) => {
    const angle = (turn * 360 - 90) * (Math.PI / 180);
    return `${(center + radius * Math.cos(angle)).toFixed(2)} ${(center + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = end - from > 0.5 ? 1 : 0;
  const back =
    inner > 0 ? `L ${at(inner, end)} A ${inner} ${inner} 0 ${large} 0 ${at(inner, from)}` : `L ${center} ${center}`;
  return `M ${at(outer, from)} A ${outer} ${outer} 0 ${large} 1 ${at(outer, end)} ${back} Z`;
}
