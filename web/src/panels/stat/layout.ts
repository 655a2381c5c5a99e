/** Where a stat's title and value stand and how large they are. */

import { fitText, textWidth } from "../../charts/measure";

export interface StatLayout {
  kind: "wide" | "stacked";
  titlePx: number;
  valuePx: number;
  paddingPx: number;
  centered: boolean;
}

export interface StatText {
  /** Empty where none is shown. */
  title: string;
  /** Number without its unit. */
  value: string;
  unit: string;
}

/** The unit is written smaller than the number. */
export const UNIT_SHARE = 0.62;
const MIN_PX = 10;
const MAX_TITLE_PX = 26;
const MAX_VALUE_PX = 120;
/** Line height of both texts. */
const LINE = 1.15;

/** Wide boxes have both on one line, others the value under its title. */
export function statLayout(
  size: { width: number; height: number },
  text: StatText,
  wishes: { hasTrend: boolean; centered: boolean; stacked?: boolean; titlePx?: number; valuePx?: number },
): StatLayout {
  const paddingPx = Math.max(4, Math.min(14, Math.round(Math.min(size.width, size.height) * 0.08)));
  const inner = { width: size.width - 2 * paddingPx, height: size.height - 2 * paddingPx };
  const hasTitle = text.title !== "";
  const kind = hasTitle && size.width / size.height > 3.2 && !wishes.centered && !wishes.stacked ? "wide" : "stacked";
  const layout =
    kind === "wide" ? wide(inner, text) : stacked(inner, text, wishes.hasTrend && size.height > 70 ? 0.62 : 0.92);
  return {
    kind,
    paddingPx,
    titlePx: wishes.titlePx ?? layout.titlePx,
    valuePx: wishes.valuePx ?? layout.valuePx,
    centered: wishes.centered,
  };
}

function fitValue({ value, unit }: StatText, box: { width: number; height: number }): number {
  const share = textWidth(value, 100, 500) + textWidth(unit, 100, 500) * UNIT_SHARE;
  const byWidth = share > 0 ? (box.width / share) * 100 : MAX_VALUE_PX;
  return Math.max(MIN_PX, Math.floor(Math.min(byWidth * 0.97, box.height / LINE, MAX_VALUE_PX)));
}

function wide(inner: { width: number; height: number }, text: StatText) {
  const valuePx = fitValue(text, { width: inner.width * 0.55, height: inner.height * 0.8 });
  const titlePx = fitText(text.title, {
    width: inner.width * 0.42,
    height: inner.height * 0.5,
    max: MAX_TITLE_PX,
    min: MIN_PX,
  });
  return { valuePx, titlePx: Math.min(titlePx, Math.max(MIN_PX, valuePx)) };
}

function stacked(inner: { width: number; height: number }, text: StatText, share: number) {
  const height = inner.height * share;
  const titlePx =
    text.title === ""
      ? 0
      : fitText(text.title, {
          width: inner.width,
          height: Math.max(12, height * 0.26),
          max: MAX_TITLE_PX,
          min: MIN_PX,
        });
  const valuePx = fitValue(text, { width: inner.width, height: Math.max(12, height - titlePx * LINE) });
  return { titlePx, valuePx };
}
