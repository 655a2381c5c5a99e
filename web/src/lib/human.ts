/** Figures as people say them, for the pages' own texts (panels have their units). */

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(n: number): string {
  if (!Number.isFinite(n) || n < 0) return "–";
  let value = n;
  let unit = 0;
  while (value >= 1023.5 && unit < BYTES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${BYTES[unit]}`;
}

const COUNTS: [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e4, "K"],
];

export function count(n: number): string {
  if (!Number.isFinite(n)) return "–";
  for (const [size, letter] of COUNTS) {
    if (Math.abs(n) >= size) {
      const value = letter === "K" ? n / 1000 : n / size;
      return `${value.toFixed(Math.abs(value) < 99.95 ? 1 : 0)} ${letter}`;
    }
  }
  return n.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

const SPANS: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** The two largest units: `3 d 4 h`. */
export function span(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 1000) return `${ms >= 10 || ms <= 0 ? Math.max(0, Math.round(ms)) : ms.toFixed(1)} ms`;
  const parts: string[] = [];
  let rest = Math.round(ms / 1000) * 1000;
  for (const [size, unit] of SPANS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(`${whole} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

export function ago(ms: number, nowMs: number): string {
  if (!(ms > 0)) return "never";
  const passed = nowMs - ms;
  return passed < 1000 ? "just now" : `${span(passed).split(" ").slice(0, 2).join(" ")} ago`;
}

/** `1 line`, `2 lines`. */
export const plural = (n: number, word: string): string => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
