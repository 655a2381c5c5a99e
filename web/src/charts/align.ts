/** Series of several frames over one time axis. */

import { type DataFrame, type Field, timeFieldOf } from "../lib/dataFrame";

export interface AlignedSeries {
  field: Field;
  frame: DataFrame;
  /** One entry per time; null is a gap, undefined a time that the series does not have. */
  values: (number | null | undefined)[];
}

export interface Aligned {
  times: number[];
  series: AlignedSeries[];
}

/** Numeric fields beside a time field, or beside `xField` of its frame; frames that already agree are not copied. */
export function alignSeries(frames: readonly DataFrame[], xField?: Field): Aligned {
  const sides = frames.flatMap((frame) => {
    const time = xField ? frame.fields.find((field) => field === xField) : timeFieldOf(frame);
    const fields = frame.fields.filter((field) => field.type === "number" && field !== time);
    return time && fields.length > 0 ? separated({ frame, times: time.values as number[], fields }) : [];
  });
  const first = (sides[0]?.times ?? []) as number[];
  const agree = sides.every(({ times }) => sameTimes(times, first)) && isAscending(first);
  if (agree) {
    const series = sides.flatMap(({ frame, fields }) =>
      fields.map((field) => ({ field, frame, values: field.values as (number | null)[] })),
    );
    return { times: first, series };
  }
  const times = [...new Set(sides.flatMap((side) => side.times.filter(Number.isFinite)))].sort((a, b) => a - b);
  const place = new Map(times.map((time, index) => [time, index]));
  const series = sides.flatMap((side) =>
    side.fields.map((field) => ({ field, frame: side.frame, values: placed(field, side.times, place, times.length) })),
  );
  return { times, series };
}

interface Side {
  frame: DataFrame;
  times: readonly number[];
  fields: Field[];
}

/** Fields that ask for gaps get a missing value where their points are too far apart; each then has its own times. */
function separated(side: Side): Side[] {
  const plain = side.fields.filter((field) => insertNullsMs(field) === undefined);
  const apart = side.fields.flatMap((field) => {
    const limit = insertNullsMs(field);
    return limit === undefined ? [] : [withGaps({ ...side, fields: [field] }, field, limit)];
  });
  return plain.length > 0 ? [{ ...side, fields: plain }, ...apart] : apart;
}

/** `insertNulls`: true means the interval of the query, a number milliseconds. */
function insertNullsMs(field: Field): number | undefined {
  const given = field.config.custom?.insertNulls;
  if (given === true) {
    return field.config.interval;
  }
  return typeof given === "number" && given > 0 ? given : undefined;
}

function withGaps(side: Side, field: Field, limitMs: number): Side {
  const times: number[] = [];
  const values: unknown[] = [];
  let previous: number | undefined;
  side.times.forEach((time, row) => {
    const value = field.values[row];
    if (value === undefined) {
      return;
    }
    if (previous !== undefined && time - previous > limitMs) {
      times.push(previous + 1);
      values.push(null);
    }
    times.push(time);
    values.push(value);
    previous = time;
  });
  return times.length === side.times.length ? side : { ...side, times, fields: [{ ...field, values }] };
}

function placed(field: Field, times: readonly number[], place: Map<number, number>, length: number) {
  const values = new Array<number | null | undefined>(length).fill(undefined);
  times.forEach((time, row) => {
    const index = place.get(time);
    if (index !== undefined) {
      values[index] = field.values[row] as number | null;
    }
  });
  return values;
}

function sameTimes(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((time, index) => time === b[index]));
}

function isAscending(times: readonly number[]): boolean {
  return times.every((time, index) => Number.isFinite(time) && (index === 0 || time > (times[index - 1] as number)));
}

/** Gaps of up to `limitMs` are bridged (undefined), longer ones stay gaps (null). */
export function bridgeGaps(
  times: readonly number[],
  values: readonly (number | null | undefined)[],
  limitMs: number,
): (number | null | undefined)[] {
  const bridged = [...values];
  let previous = -1;
  for (let index = 0; index < values.length; index++) {
    if (values[index] === null || values[index] === undefined) {
      continue;
    }
    if (previous >= 0 && index - previous > 1) {
      const gapMs = (times[index] as number) - (times[previous] as number);
      bridged.fill(gapMs > limitMs ? null : undefined, previous + 1, index);
    }
    previous = index;
  }
  return bridged;
}
