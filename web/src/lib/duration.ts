/** Durations as people write them in queries and dashboards: `15s`, `1h30m`, `1d`, `2w`, `500ms`. */

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  M: 30 * 86_400_000,
  Q: 91 * 86_400_000,
  y: 365 * 86_400_000,
};

const PART = /(\d+(?:\.\d+)?)(ms|[smhdwMQy])/y;

/** Milliseconds, or null when the text is not a duration. A bare number means seconds, as Prometheus reads it. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim().replace(/^>=?\s*/, "");
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  PART.lastIndex = 0;
  let total = 0;
  let end = 0;
  while (end < trimmed.length) {
    const match = PART.exec(trimmed);
    if (!match) return null;
    total += Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 0);
    end = PART.lastIndex;
  }
  return end > 0 ? total : null;
}

const LADDER: [string, number][] = [
  ["y", 365 * 86_400_000],
  ["w", 7 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** The largest whole unit that does not exceed the duration, as Grafana writes `$__interval`: 90 s is `1m`. */
export function formatIntervalFloor(ms: number): string {
  for (const [unit, size] of LADDER) if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  return ms >= 1 ? `${Math.floor(ms)}ms` : "1ms";
}

/** Exact, in as many units as it needs: 90 s is `1m30s`. */
export function formatDurationExact(ms: number): string {
  let rest = Math.round(ms);
  if (rest <= 0) return "0s";
  let text = "";
  for (const [unit, size] of LADDER.slice(2)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return rest > 0 ? `${text}${rest}ms` : text;
}
