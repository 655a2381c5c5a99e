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
  const parts = text.includes("\n") ? text.split("\n") : [text];
  return parts.reduce((lines, part) => lines + Math.max(1, Math.ceil(columnsOf(part) / perLine)), 0);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: everything up to Latin is as wide as one column.
const NARROW_ONLY = /^[\u0000-\u0008\u000a-\u02ff]*$/;
/** Hangul, CJK, their punctuation, full-width forms and emoji. */
const DOUBLE_WIDTH =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/gu;
const TAB_COLUMNS = 8;

/** Columns of the monospaced grid that a text fills, at most. */
function columnsOf(text: string): number {
  if (NARROW_ONLY.test(text)) {
    return text.length;
  }
  const doubles = text.match(DOUBLE_WIDTH)?.reduce((sum, match) => sum + (match.length === 1 ? 1 : 0), 0) ?? 0;
  return text.length + doubles + (text.split("\t").length - 1) * (TAB_COLUMNS - 1);
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
