/** A busy service has thousands of exemplars: of each moment the slowest is kept, and those that differ from it. */

interface Measured {
  timeMs: number;
  value: number;
}

/** Moments that a chart tells apart. */
const MOST_MOMENTS = 80;

/** As Grafana does: within a step, values nearer to one another than two standard deviations count as one. */
export function thinExemplars<T extends Measured>(
  all: readonly T[],
  range: { fromMs: number; toMs: number; stepMs: number },
): T[] {
  const values = all.map(({ value }) => value).filter(Number.isFinite);
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const apart = 2 * Math.sqrt(variance);
  const momentMs = Math.max(range.stepMs, (range.toMs - range.fromMs) / MOST_MOMENTS, 1);
  const moments = new Map<number, T[]>();
  for (const exemplar of all) {
    if (!Number.isFinite(exemplar.value)) continue;
    const moment = Math.floor(exemplar.timeMs / momentMs);
    const others = moments.get(moment);
    if (others) others.push(exemplar);
    else moments.set(moment, [exemplar]);
  }
  return [...moments.values()].flatMap((members) => {
    members.sort((a, b) => b.value - a.value);
    let last = Number.POSITIVE_INFINITY;
    return members.filter(({ value }) => {
      if (last - value <= apart && Number.isFinite(last)) return false;
      last = value;
      return true;
    });
  });
}
