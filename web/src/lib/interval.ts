/** Steps of range queries: how a range and a width become `$__interval` and `$__rate_interval`. */

import { formatDurationExact, formatIntervalFloor } from "./duration";

/** [upper bound (exclusive), rounded value], both ms. */
const ROUNDED: [number, number][] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1500, 1000],
  [3500, 2000],
  [7500, 5000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
  [604_800_000, 86_400_000],
  [1_814_400_000, 604_800_000],
  [3_628_800_000, 2_592_000_000],
];

/** A step that people like, near the one that the width asks for. */
export function roundInterval(ms: number): number {
  for (const [bound, value] of ROUNDED) if (ms < bound) return value;
  return 31_536_000_000;
}

/** How often sources are scraped unless something says otherwise. */
export const DEFAULT_SCRAPE_MS = 15_000;
/** No answer has more points than this a series (Prometheus' own bound). */
export const MAX_POINTS = 11_000;

export interface Interval {
  stepMs: number;
  /** `$__interval` */
  interval: string;
  /** `$__rate_interval` */
  rateInterval: string;
  rateIntervalMs: number;
}

export interface IntervalInput {
  rangeMs: number;
  maxDataPoints: number;
  /** The panel's or target's "min step". */
  minStepMs?: number | undefined;
  scrapeMs?: number | undefined;
  /** Grafana's old `intervalFactor` (resolution 1/n). */
  factor?: number | undefined;
}

export function computeInterval(input: IntervalInput): Interval {
  const scrapeMs = input.minStepMs ?? input.scrapeMs ?? DEFAULT_SCRAPE_MS;
  const wanted = roundInterval(input.rangeMs / Math.max(1, input.maxDataPoints));
  const floorMs = input.minStepMs ?? input.scrapeMs ?? DEFAULT_SCRAPE_MS;
  const safeMs = Math.ceil(input.rangeMs / MAX_POINTS);
  const stepMs = Math.max(Math.max(wanted, floorMs) * Math.max(1, input.factor ?? 1), roundUpSafe(safeMs));
  const rateIntervalMs = Math.max(stepMs + scrapeMs, 4 * scrapeMs);
  return {
    stepMs,
    interval: formatIntervalFloor(stepMs),
    rateInterval: formatDurationExact(rateIntervalMs),
    rateIntervalMs,
  };
}

function roundUpSafe(ms: number): number {
  return ms > 1000 ? Math.ceil(ms / 1000) * 1000 : ms;
}

/** Range with both ends on the step's grid, so that a refresh asks for the same points again. */
export function alignRange(fromMs: number, toMs: number, stepMs: number): { startMs: number; endMs: number } {
  return { startMs: Math.floor(fromMs / stepMs) * stepMs, endMs: Math.floor(toMs / stepMs) * stepMs };
}
