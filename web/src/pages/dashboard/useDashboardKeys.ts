/** A dashboard's keyboard shortcuts. */

import { useNavigate } from "@tanstack/react-router";
import type { RefObject } from "react";
import { copyText, readCopied } from "../../lib/clipboard";
import { type RawRange, resolveRange } from "../../lib/time";
import { useHotkeys } from "../../state/hotkeys";
import type { TimeState } from "../../state/timeState";
import type { Patch } from "../../state/urlState";
import type { Legends } from "./useLegends";

interface Input {
  time: TimeState;
  hovered: RefObject<string | null>;
  viewed: string | null;
  kiosk: boolean;
  view: (key: string | null) => void;
  inspect: (key: string | null) => void;
  patch: (patch: Patch) => void;
  setAll: (open: boolean) => void;
  print: () => void;
  legends: Legends;
  nextCrosshair: () => void;
}

/** A range that was copied here or in Grafana. */
function parseRange(text: string): RawRange | null {
  try {
    const { from, to } = JSON.parse(text) as Record<string, unknown>;
    const end = (value: unknown) => {
      if (typeof value === "number") return String(value);
      if (typeof value !== "string") return null;
      const ms = Date.parse(value);
      return value.startsWith("now") || /^\d+$/.test(value) || Number.isNaN(ms) ? value : String(ms);
    };
    const [start, stop] = [end(from), end(to)];
    if (!start || !stop) return null;
    return resolveRange({ from: start, to: stop }, { nowMs: Date.now(), zone: "utc" }) && { from: start, to: stop };
  } catch {
    return null;
  }
}

export function useDashboardKeys(input: Input): void {
  const { time, hovered, viewed, kiosk, view, inspect, patch, setAll, print, legends, nextCrosshair } = input;
  const navigate = useNavigate();
  const panel = (run: (key: string) => void) => () => {
    const key = hovered.current ?? viewed?.replace(/^panel-/, "");
    if (key) run(key);
  };
  const leave = () => {
    if (viewed) view(null);
    else if (kiosk) patch({ kiosk: undefined });
  };
  const toggleKiosk = () => patch({ kiosk: kiosk ? undefined : "1" });
  useHotkeys([
    { keys: "t z", label: "Zoom out", group: "Time", run: time.zoomOut },
    { keys: "mod+z", label: "Zoom out", group: "Time", run: time.zoomOut },
    { keys: "t ArrowLeft", label: "Earlier", group: "Time", run: () => time.shift(-1) },
    { keys: "t ArrowRight", label: "Later", group: "Time", run: () => time.shift(1) },
    { keys: "t a", label: "Make the range absolute", group: "Time", run: time.makeAbsolute },
    { keys: "t c", label: "Copy the range", group: "Time", run: () => void copyText(JSON.stringify(time.raw)) },
    {
      keys: "t v",
      label: "Paste a range",
      group: "Time",
      run: () =>
        void readCopied().then((text) => {
          const raw = parseRange(text);
          if (raw) time.setRaw(raw);
        }),
    },
    { keys: "d r", label: "Refresh", group: "Dashboard", run: time.refreshNow },
    { keys: "d k", label: "Kiosk mode", group: "Dashboard", run: toggleKiosk },
    { keys: "d E", label: "Expand all rows", group: "Dashboard", run: () => setAll(true) },
    { keys: "d C", label: "Collapse all rows", group: "Dashboard", run: () => setAll(false) },
    { keys: "d l", label: "Show or hide all legends", group: "Dashboard", run: legends.flipAll },
    { keys: "mod+o", label: "Shared crosshair: off, line, tooltip", group: "Dashboard", run: nextCrosshair },
    { keys: "mod+p", label: "Print or save as PDF", group: "Dashboard", run: print },
    { keys: "Escape", label: "Leave the panel or kiosk mode", group: "Dashboard", run: leave },
    {
      keys: "v",
      label: "View the panel alone",
      group: "Panel under the mouse",
      run: panel((key) => view(viewed ? null : key)),
    },
    { keys: "i", label: "Inspect its data", group: "Panel under the mouse", run: panel(inspect) },
    { keys: "p l", label: "Show or hide its legend", group: "Panel under the mouse", run: panel(legends.flip) },
    {
      keys: "p x",
      label: "Open in Explore",
      group: "Panel under the mouse",
      run: panel((key) => {
        const link = document.querySelector<HTMLElement>(`[data-panel="${CSS.escape(key)}"]`)?.dataset.explore;
        if (link) void navigate({ to: link });
      }),
    },
  ]);
}
