/** The time range, its refresh and its zone: read from the URL, resolved anew at every tick. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { parseDuration } from "../lib/duration";
import { roundInterval } from "../lib/interval";
import { type RawRange, type ResolvedRange, resolveRange } from "../lib/time";
import { one } from "../lib/urlSearch";
import { recall, remember, rememberRange } from "./storage";
import { usePatchUrl, useUrlSearch } from "./urlState";

export interface TimeDefaults {
  from: string;
  to: string;
  refresh: string;
  zone: string;
  weekStart: number;
}

export interface TimeState {
  raw: RawRange;
  range: ResolvedRange;
  /** Changes with every refresh. */
  tick: number;
  refresh: string;
  zone: string;
  weekStart: number;
  setRaw: (raw: RawRange) => void;
  setRefresh: (refresh: string) => void;
  setZone: (zone: string) => void;
  refreshNow: () => void;
  zoomTo: (range: ResolvedRange) => void;
  zoomOut: () => void;
  /** Moves by half the range: -1 back, 1 forth. */
  shift: (direction: -1 | 1) => void;
  makeAbsolute: () => void;
}

const SHORTEST_REFRESH_MS = 1000;

export function useTimeState(defaults: TimeDefaults): TimeState {
  const search = useUrlSearch();
  const patch = usePatchUrl();
  const [tick, setTick] = useState(0);
  const [chosenZone, setChosenZone] = useState(() => recall<string>("time-zone", ""));
  const zone = chosenZone || one(search, "timezone") || defaults.zone;
  const raw = useMemo(
    () => ({ from: one(search, "from") ?? defaults.from, to: one(search, "to") ?? defaults.to }),
    [search, defaults.from, defaults.to],
  );
  const refresh = one(search, "refresh") ?? defaults.refresh;
  const range = useRange(raw, zone, defaults.weekStart, tick);
  const refreshNow = useCallback(() => setTick((t) => t + 1), []);
  useAutoRefresh(refresh, range.toMs - range.fromMs, refreshNow);

  const setRaw = useCallback(
    (next: RawRange) => {
      rememberRange(next);
      patch({ from: next.from, to: next.to });
    },
    [patch],
  );
  const zoomTo = useCallback(
    ({ fromMs, toMs }: ResolvedRange) => patch({ from: String(Math.floor(fromMs)), to: String(Math.ceil(toMs)) }),
    [patch],
  );
  const scaled = (factor: number, offset: number) => {
    const width = range.toMs - range.fromMs;
    const middle = range.fromMs + width / 2 + width * offset;
    zoomTo({ fromMs: middle - (width * factor) / 2, toMs: middle + (width * factor) / 2 });
  };
  const setZone = (next: string) => {
    remember("time-zone", next);
    setChosenZone(next);
  };
  return {
    raw,
    range,
    tick,
    refresh,
    zone,
    weekStart: defaults.weekStart,
    setRaw,
    setRefresh: (next) => patch({ refresh: next || "off" }),
    setZone,
    refreshNow,
    zoomTo,
    zoomOut: () => scaled(2, 0),
    shift: (direction) => scaled(1, direction / 2),
    makeAbsolute: () => zoomTo(range),
  };
}

/** Relative times move with each tick only: between them every panel sees the same range. */
function useRange(raw: RawRange, zone: string, weekStart: number, tick: number): ResolvedRange {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tick is what makes time pass
  return useMemo(() => {
    const nowMs = Date.now();
    const resolved = resolveRange(raw, { nowMs, zone, weekStart });
    return resolved ?? { fromMs: nowMs - 3_600_000, toMs: nowMs };
  }, [raw, zone, weekStart, tick]);
}

/** Milliseconds between refreshes, or null when there are none. */
export function refreshMs(refresh: string, rangeMs: number): number | null {
  if (refresh === "auto") return Math.max(5000, roundInterval(rangeMs / 1000));
  const ms = parseDuration(refresh);
  return ms ? Math.max(SHORTEST_REFRESH_MS, ms) : null;
}

function useAutoRefresh(refresh: string, rangeMs: number, run: () => void): void {
  const lastMs = useRef(Date.now());
  const everyMs = refreshMs(refresh, rangeMs);
  useEffect(() => {
    if (everyMs === null) return;
    const due = () => {
      if (document.hidden) return;
      lastMs.current = Date.now();
      run();
    };
    const timer = setInterval(due, everyMs);
    // A tab that was hidden catches up once when it is looked at again.
    const onVisible = () => {
      if (!document.hidden && Date.now() - lastMs.current >= everyMs) due();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [everyMs, run]);
}

