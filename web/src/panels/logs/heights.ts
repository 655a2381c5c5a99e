/** Heights of log rows, calculated from their texts: measuring a hundred thousand elements would cost seconds. */

import { UI_FONT } from "../../charts/measure";

export const LINE_PX = 18;
export const FONT_PX = 12;
const ROW_PADDING_PX = 2;
/** Longer lines are cut in the list; their details show them whole. */
export const MAX_CHARS = 20_000;

const MONO_FONT = `${FONT_PX}px ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace`;

let charPx: number | undefined;

/** Width of one character of the monospaced font. */
export function characterWidth(): number {
  if (charPx === undefined) {
    charPx = 7.23;
    try {
      const context = document.createElement("canvas").getContext("2d");
      if (context) {
        context.font = MONO_FONT || UI_FONT;
        charPx = context.measureText("0".repeat(100)).width / 100 || charPx;
      }
    } catch {
      // Without a canvas the estimate stays.
    }
  }
  return charPx;
}

/** Rows that a text fills when it wraps anywhere at `perLine` characters. */
export function wrappedLines(text: string, perLine: number): number {
  if (!text.includes("\n")) {
    return Math.max(1, Math.ceil(text.length / perLine));
  }
  return text.split("\n").reduce((lines, part) => lines + Math.max(1, Math.ceil(part.length / perLine)), 0);
}

export function rowHeight(text: string, wraps: boolean, perLine: number): number {
  const lines = wraps ? wrappedLines(text, perLine) : 1;
  return lines * LINE_PX + ROW_PADDING_PX;
}

export const DETAIL_ROW_PX = 24;
const DETAIL_HEAD_PX = 30;
const DETAIL_PADDING_PX = 14;

/** Details: one line a label or field, the whole text above them. */
export function detailsHeight(text: string, entries: number, perLine: number): number {
  const shown = Math.min(wrappedLines(text, perLine), MAX_DETAIL_LINES);
  return DETAIL_PADDING_PX + DETAIL_HEAD_PX + shown * LINE_PX + entries * DETAIL_ROW_PX;
}

/** The whole text scrolls beyond this many lines. */
export const MAX_DETAIL_LINES = 24;
