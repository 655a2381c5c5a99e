/** Stacking: series upon series, positive ones above zero and negative ones below. */

export type Values = (number | null | undefined)[];

export interface Stackable {
  values: Values;
  mode: "none" | "normal" | "percent";
  group: string;
}

export interface Stacked {
  values: Values;
  /** Index of the series that this one stands on. */
  below: number | undefined;
  /** Where this series begins, for bars. */
  base: number[] | undefined;
}

/** Series that do not stack come back as they are. */
export function stackSeries(series: readonly Stackable[]): Stacked[] {
  const sums = new Map<string, number[]>();
  const last = new Map<string, number>();
  const totals = percentTotals(series);
  return series.map((entry, index) => {
    if (entry.mode === "none") {
      return { values: entry.values, below: undefined, base: undefined };
    }
    const key = `${entry.mode}/${entry.group}/${isNegative(entry.values) ? "-" : "+"}`;
    const sum = sums.get(key) ?? new Array<number>(entry.values.length).fill(0);
    const total = totals.get(`${entry.mode}/${entry.group}`);
    const base = sum.slice();
    const values = entry.values.map((value, at) => {
      if (value === null || value === undefined) {
        return value;
      }
      const whole = total?.[at];
      const part = total === undefined ? value : whole ? value / whole : 0;
      sum[at] = (sum[at] ?? 0) + part;
      return sum[at];
    });
    sums.set(key, sum);
    const below = last.get(key);
    last.set(key, index);
    return { values, below, base };
  });
}

function isNegative(values: Values): boolean {
  let sum = 0;
  for (const value of values) {
    sum += Math.sign(value ?? 0);
  }
  return sum < 0;
}

/** The sum of magnitudes at each time, per percent group. */
function percentTotals(series: readonly Stackable[]): Map<string, number[]> {
  const totals = new Map<string, number[]>();
  for (const { mode, group, values } of series) {
    if (mode !== "percent") {
      continue;
    }
    const key = `${mode}/${group}`;
    const total = totals.get(key) ?? new Array<number>(values.length).fill(0);
    values.forEach((value, at) => {
      total[at] = (total[at] ?? 0) + Math.abs(value ?? 0);
    });
    totals.set(key, total);
  }
  return totals;
}
