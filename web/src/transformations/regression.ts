/** regression: a line or curve through the points, by least squares. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import type { Transform } from "./types";

const DEFAULT_PREDICTIONS = 100;
const MAX_PREDICTIONS = 10_000;
const MAX_DEGREE = 5;

export const regression: Transform = (frames, options) => {
  const polynomial = options.modelType === "polynomial";
  const degree = polynomial ? Math.min(MAX_DEGREE, Math.max(1, Math.trunc(Number(options.degree ?? 2)) || 2)) : 1;
  const count = Math.min(
    MAX_PREDICTIONS,
    Math.max(2, Math.trunc(Number(options.predictionCount ?? DEFAULT_PREDICTIONS)) || DEFAULT_PREDICTIONS),
  );
  for (const frame of frames) {
    const x = chosen(frame, frames, options.xFieldName) ?? frame.fields.find((field) => field.type === "time");
    const y = chosen(frame, frames, options.yFieldName) ?? frame.fields.find((field) => field.type === "number");
    if (x && y && x !== y) {
      const name = polynomial ? "Polynomial regression" : "Linear regression";
      const predicted = predictions(x, y, degree, count);
      return predicted ? [...frames, predictedFrame(x, y, predicted, name)] : frames;
    }
  }
  return frames;
};

function chosen(frame: DataFrame, frames: readonly DataFrame[], name: unknown): Field | undefined {
  const matches = typeof name === "string" && name !== "" ? fieldMatcher("byName", name) : undefined;
  return frame.fields.find((field) => matches?.(field, frame, frames));
}

interface Predicted {
  xs: number[];
  ys: number[];
}

function predictedFrame(x: Field, y: Field, { xs, ys }: Predicted, name: string): DataFrame {
  const config = { ...y.config, displayName: undefined, displayNameFromDS: name };
  return frameOf(
    [
      { ...x, state: undefined, values: xs },
      { name, type: "number", config, values: ys },
    ],
    { name },
  );
}

/** Points spread evenly over the range of x; undefined where there are too few to fit. */
function predictions(x: Field, y: Field, degree: number, count: number): Predicted | undefined {
  const points = x.values.flatMap((at, row) => {
    const [a, b] = [at, y.values[row]];
    return typeof a === "number" && typeof b === "number" && Number.isFinite(a) && Number.isFinite(b) ? [[a, b]] : [];
  }) as [number, number][];
  if (points.length <= degree) {
    return undefined;
  }
  const low = points.reduce((least, [a]) => Math.min(least, a), Number.POSITIVE_INFINITY);
  const high = points.reduce((most, [a]) => Math.max(most, a), Number.NEGATIVE_INFINITY);
  const span = high - low || 1;
  // Times are huge: fitted over 0 to 1 the equations stay solvable.
  const coefficients = leastSquares(
    points.map(([a, b]) => [(a - low) / span, b]),
    degree,
  );
  if (coefficients === undefined) {
    return undefined;
  }
  const shares = Array.from({ length: count }, (_, index) => index / (count - 1));
  return {
    xs: shares.map((share) => low + share * (high - low)),
    ys: shares.map((share) => coefficients.reduceRight((sum, c) => sum * share + c, 0)),
  };
}

/** The normal equations, solved by elimination with pivots. */
function leastSquares(points: readonly [number, number][], degree: number): number[] | undefined {
  const size = degree + 1;
  const rows = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_unused, j) => points.reduce((sum, [x]) => sum + x ** (i + j), 0)),
    points.reduce((sum, [x, y]) => sum + y * x ** i, 0),
  ]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      pivot = Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0) ? row : pivot;
    }
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    const head = rows[column] as number[];
    if (Math.abs(head[column] ?? 0) < 1e-12) {
      return undefined;
    }
    for (const [index, row] of rows.entries()) {
      const factor = index === column ? 0 : (row[column] ?? 0) / (head[column] as number);
      for (let at = column; at <= size && factor !== 0; at++) {
        row[at] = (row[at] ?? 0) - factor * (head[at] ?? 0);
      }
    }
  }
  return rows.map((row, index) => (row[size] ?? 0) / (row[index] ?? 1));
}
