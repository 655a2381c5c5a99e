/** Small things remembered in the browser. Storage may be forbidden or full: then nothing is remembered. */

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`pharos-${key}`, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}

export function recall<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`pharos-${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export interface Visit {
  uid: string;
  title: string;
}

const MAX_RECENT = 8;

export function rememberVisit(visit: Visit): void {
  const rest = recall<Visit[]>("recent-dashboards", []).filter((v) => v.uid !== visit.uid);
  remember("recent-dashboards", [visit, ...rest].slice(0, MAX_RECENT));
}

export function recentVisits(): Visit[] {
  return recall<Visit[]>("recent-dashboards", []);
}

export function rememberRange(range: { from: string; to: string }): void {
  const rest = recall<{ from: string; to: string }[]>("recent-ranges", []);
  const others = rest.filter((r) => r.from !== range.from || r.to !== range.to);
  remember("recent-ranges", [range, ...others].slice(0, 4));
}

/** Dashboards with a star, in the order in which they got it. */
export function starred(): Visit[] {
  return recall<Visit[]>("stars", []);
}

/** Says whether it has a star now. */
export function toggleStar(visit: Visit): boolean {
  const all = starred();
  const others = all.filter((v) => v.uid !== visit.uid);
  const isStarred = others.length === all.length;
  remember("stars", isStarred ? [...all, visit] : others);
  window.dispatchEvent(new Event(STARS_CHANGED));
  return isStarred;
}

export const STARS_CHANGED = "pharos-stars";

/** The dashboard that opens instead of Home; null for Home itself. */
export function homeDashboard(): Visit | null {
  return recall<Visit | null>("home-dashboard", null);
}

export function setHomeDashboard(visit: Visit | null): void {
  remember("home-dashboard", visit);
}
