/** Slices of a pie. */

import type { FieldValue } from "../values/fieldValues";

export interface Slice {
  value: FieldValue;
  /** Turns, 0 to 1, clockwise from the top. */
  from: number;
  to: number;
  share: number;
}

export interface Combine {
  /** Slices below this share of the whole are put together. */
  threshold: number;
  label: string;
}

/** The `combine` of a pie: older files count the threshold in shares. */
export function combineOption(options: Record<string, unknown>): Combine | undefined {
  const given = options.combine as { threshold?: unknown; label?: unknown } | undefined;
  const threshold = Number(given?.threshold);
  return given && threshold > 0 && threshold < 1
    ? { threshold, label: typeof given.label === "string" && given.label ? given.label : "Others" }
    : undefined;
}

/** Small values as one; a single small one stays itself. */
export function combined(values: readonly FieldValue[], combine: Combine | undefined): FieldValue[] {
  const total = values.reduce((sum, { display }) => sum + Math.max(0, display.numeric || 0), 0);
  const isSmall = ({ display }: FieldValue) =>
    display.numeric > 0 && display.numeric / total < (combine?.threshold ?? 0);
  const small = values.filter(isSmall);
  const [first] = small;
  if (!combine || first === undefined || small.length < 2) {
    return [...values];
  }
  const sum = small.reduce((all, { display }) => all + display.numeric, 0);
  const display = { ...(first.field.display?.(sum) ?? first.display), numeric: sum, color: "#8e8e8e" };
  return [...values.filter((value) => !isSmall(value)), { ...first, key: "combined", title: combine.label, display }];
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
