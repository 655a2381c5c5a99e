/** How equal boxes share a panel. */

import type { Orientation } from "../options";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const GAP = 8;

/** `auto` finds the grid whose boxes are largest; horizontal puts boxes under, vertical beside one another. */
export function gridBoxes(
  count: number,
  size: { width: number; height: number },
  orientation: Orientation,
  wantedRatio = WIDE,
): Box[] {
  const columns =
    orientation === "horizontal" ? 1 : orientation === "vertical" ? count : bestColumns(count, size, wantedRatio);
  const rows = Math.ceil(count / Math.max(1, columns));
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    // The last row's boxes share the whole width.
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const width = (size.width - GAP * (inRow - 1)) / inRow;
    const height = (size.height - GAP * (rows - 1)) / rows;
    return { x: (index - row * columns) * (width + GAP), y: row * (height + GAP), width, height };
  });
}

/** Numbers read best in boxes about twice as wide as high. */
const WIDE = 2;

function bestColumns(count: number, { width, height }: { width: number; height: number }, wantedRatio: number): number {
  let best = 1;
  let bestSide = -1;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const boxWidth = (width - GAP * (columns - 1)) / columns;
    const boxHeight = (height - GAP * (rows - 1)) / rows;
    const side = Math.min(boxWidth / wantedRatio, boxHeight);
    if (side > bestSide) {
      [best, bestSide] = [columns, side];
    }
  }
  return best;
}

/** The text with the most characters: what all boxes size their fonts by. */
export function longest(texts: readonly string[]): string {
  return texts.reduce((found, text) => (text.length > found.length ? text : found), "");
}
