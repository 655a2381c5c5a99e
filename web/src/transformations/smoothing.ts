/** smoothing: a moving average as wide as takes the noise away without flattening what stands out (ASAP). */

import { type DataFrame, type Field, frameOf, timeFieldOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import type { Transform } from "./types";

const DEFAULT_RESOLUTION = 100;

export const smoothing: Transform = (frames, options) => {
  const resolution = Math.max(3, Math.trunc(Number(options.resolution ?? DEFAULT_RESOLUTION)) || DEFAULT_RESOLUTION);
  return frames.flatMap((frame) => {
    const time = timeFieldOf(frame);
    return time ? [frame, ...smoothed(frame, frames, time, resolution)] : [frame];
  });
};

function smoothed(frame: DataFrame, frames: readonly DataFrame[], time: Field, resolution: number): DataFrame[] {
  return frame.fields.flatMap((field) => {
    const rows = field.values.flatMap((value, row) =>
      field.type === "number" && typeof value === "number" && Number.isFinite(value) ? [row] : [],
    );
    if (rows.length < 4) {
      return [];
    }
    const { times, values } = preAggregated(
      rows.map((row) => Number(time.values[row])),
      rows.map((row) => field.values[row] as number),
      resolution,
    );
    const window = bestWindow(values);
    const name = `${fieldDisplayName(field, frame, frames)} (smoothed)`;
    const config = { ...field.config, displayName: undefined, displayNameFromDS: name };
    const half = Math.floor(window / 2);
    return [
      frameOf(
        [
          { ...time, state: undefined, values: movingAverage(times, 1).slice(half, half + values.length - window + 1) },
          { ...field, name, config, state: undefined, values: movingAverage(values, window) },
        ],
        { name, refId: frame.refId },
      ),
    ];
  });
}

/** No more points than can be told apart on the screen. */
function preAggregated(times: number[], values: number[], resolution: number) {
  const size = Math.max(1, Math.floor(values.length / resolution));
  const means = (list: readonly number[]) =>
    Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
      mean(list.slice(index * size, (index + 1) * size)),
    );
  return { times: means(times), values: means(values) };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function movingAverage(values: readonly number[], window: number): number[] {
  const averages: number[] = [];
  let sum = 0;
  values.forEach((value, index) => {
    sum += value - (index >= window ? (values[index - window] as number) : 0);
    if (index >= window - 1) {
      averages.push(sum / window);
    }
  });
  return averages;
}

function moment(values: readonly number[], power: number): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** power));
}

/** The spread of the steps from value to value. */
function roughness(values: readonly number[]): number {
  return Math.sqrt(
    moment(
      values.slice(1).map((value, index) => value - (values[index] as number)),
      2,
    ),
  );
}

const kurtosis = (values: readonly number[]) => moment(values, 4) / moment(values, 2) ** 2;

/** The smoothest average that keeps the outliers as unusual as they were. */
function bestWindow(values: readonly number[]): number {
  const original = kurtosis(values);
  let [best, least] = [1, roughness(values)];
  for (let window = 2; window <= Math.max(2, Math.floor(values.length / 10)); window++) {
    const averages = movingAverage(values, window);
    const rough = roughness(averages);
    if (rough < least && kurtosis(averages) >= original) {
      [best, least] = [window, rough];
    }
  }
  return best;
}
