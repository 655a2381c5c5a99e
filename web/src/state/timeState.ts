/** The time range, its refresh and its zone: read from the URL, resolved anew at every tick. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { connection } from "../api/connection";
import { parseDuration } from "../lib/duration";
import { roundInterval } from "../lib/interval";
import { type RawRange, type ResolvedRange, resolveRange } from "../lib/time";
import { one } from "../lib/urlSearch";
import { recall, remember, rememberRange } from "./storage";
import { type Patch, usePatchUrl, useUrlSearch } from "./urlState";

export interface TimeDefaults {
  from: string;
  to: string;
  refresh: string;
  zone: string;
  weekStart: number;
  /** Month in which the fiscal year begins, 0 January. */
  fiscalStart?: number;
  /** `1m`: "now" means a minute ago. */
  nowDelay?: string;
}

export interface TimeState {
  raw: RawRange;
  range: ResolvedRange;
  /** Changes with every refresh. */
  tick: number;
  refresh: string;
  zone: string;
  weekStart: number;
  fiscalStart: number;
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
  const delayMs = defaults.nowDelay ? (parseDuration(defaults.nowDelay.replace(/^now-/, "")) ?? 0) : 0;
  const { weekStart, fiscalStart = 0 } = defaults;
  const range = useRange(raw, { zone, weekStart, fiscalStart, delayMs }, tick);
  const refreshNow = useCallback(() => setTick((t) => t + 1), []);
  useAutoRefresh(refresh, range.toMs - range.fromMs, refreshNow);

  useReconnect(refreshNow);
  const latest = useRef(range);
  latest.current = range;
  const actions = useMemo(() => actionsOf(patch, () => latest.current), [patch]);
  const setZone = useCallback((next: string) => {
    remember("time-zone", next);
    setChosenZone(next);
  }, []);
  return useMemo(
    () => ({ raw, range, tick, refresh, zone, weekStart, fiscalStart, setZone, refreshNow, ...actions }),
    [raw, range, tick, refresh, zone, weekStart, fiscalStart, setZone, refreshNow, actions],
  );
}

type Actions = Pick<TimeState, "setRaw" | "setRefresh" | "zoomTo" | "zoomOut" | "shift" | "makeAbsolute">;

/** They stay the same objects while time passes, so that panels are not drawn anew for them. */
function actionsOf(patch: (patch: Patch) => void, current: () => ResolvedRange): Actions {
  const zoomTo = ({ fromMs, toMs }: ResolvedRange) => {
    patch({ from: String(Math.floor(fromMs)), to: String(Math.ceil(toMs)) });
  };
  const scaled = (factor: number, offset: number) => {
    const { fromMs, toMs } = current();
    const width = toMs - fromMs;
    const middle = fromMs + width / 2 + width * offset;
    zoomTo({ fromMs: middle - (width * factor) / 2, toMs: middle + (width * factor) / 2 });
  };
  return {
    setRaw: (raw) => {
      rememberRange(raw);
      patch({ from: raw.from, to: raw.to });
    },
    setRefresh: (next) => patch({ refresh: next || "off" }),
    zoomTo,
    zoomOut: () => scaled(2, 0),
    shift: (direction) => scaled(1, direction / 2),
    makeAbsolute: () => zoomTo(current()),
  };
}

/** Relative times move with each tick only: between them every panel sees the same range. */
function useRange(raw: RawRange, options: RangeOptions, tick: number): ResolvedRange {
  const { zone, weekStart, fiscalStart, delayMs } = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tick is what makes time pass
  return useMemo(() => {
    const nowMs = Date.now() - delayMs;
    const resolved = resolveRange(raw, { nowMs, zone, weekStart, fiscalStart });
    return resolved ?? { fromMs: nowMs - 3_600_000, toMs: nowMs };
  }, [raw, zone, weekStart, fiscalStart, delayMs, tick]);
}

interface RangeOptions {
  zone: string;
  weekStart: number;
  fiscalStart: number;
  delayMs: number;
}

/** Milliseconds between refreshes, or null when there are none. */
export function refreshMs(refresh: string, rangeMs: number): number | null {
  if (refresh === "auto") return Math.max(5000, roundInterval(rangeMs / 1000));
  const ms = parseDuration(refresh);
  return ms ? Math.max(SHORTEST_REFRESH_MS, ms) : null;
}

/** A server that is back is asked at once, whatever the refresh interval. */
function useReconnect(run: () => void): void {
  useEffect(() => {
    let gone = connection.gone;
    return connection.subscribe(() => {
      if (gone && !connection.gone) run();
      gone = connection.gone;
    });
  }, [run]);
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
