/** What panels that paint their own charts need of the chart library: its chart, ranges and data of none. */

import uPlot from "uplot";

/** A chart with axes, a cursor and a canvas to paint on. */
export type Chart = uPlot;

/** For charts whose shapes are painted: nothing is drawn by the library itself. */
export const NO_DATA = [[], []] as unknown as uPlot.AlignedData;

/** Columns as the chart takes them: x first. */
export function chartData(...columns: (readonly (number | null | undefined)[])[]): uPlot.AlignedData {
  return columns as unknown as uPlot.AlignedData;
}

/** A range that shows the values with some room around them. */
export function roomyRange(low: number, high: number, room: number, includesZero: boolean): [number, number] {
  return pair(uPlot.rangeNum(low, high, room, includesZero));
}

/** The same with softer wishes for either end. */
export function softRange(low: number, high: number, ends: { min: End; max: End }): [number, number] {
  return pair(uPlot.rangeNum(low, high, { min: { ...ends.min, mode: 1 }, max: { ...ends.max, mode: 1 } }));
}

interface End {
  /** Share of the span that is added. */
  pad: number;
  soft: number;
}

/** Whole powers around the values. */
export function powerRange(low: number, high: number, base: 2 | 10): [number, number] {
  return pair(uPlot.rangeLog(low, high, base, true));
}

function pair([low, high]: uPlot.Range.MinMax): [number, number] {
  return [low ?? 0, high ?? 1];
}
