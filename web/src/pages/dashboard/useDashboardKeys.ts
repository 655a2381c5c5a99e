/** A dashboard's keyboard shortcuts. */

import { useNavigate } from "@tanstack/react-router";
import type { RefObject } from "react";
import { copyText } from "../../lib/clipboard";
import { useHotkeys } from "../../state/hotkeys";
import type { TimeState } from "../../state/timeState";
import type { Patch } from "../../state/urlState";

interface Input {
  time: TimeState;
  hovered: RefObject<string | null>;
  viewed: string | null;
  kiosk: boolean;
  view: (key: string | null) => void;
  inspect: (key: string | null) => void;
  patch: (patch: Patch) => void;
  setAll: (open: boolean) => void;
}

export function useDashboardKeys({ time, hovered, viewed, kiosk, view, inspect, patch, setAll }: Input): void {
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
    { keys: "d r", label: "Refresh", group: "Dashboard", run: time.refreshNow },
    { keys: "d k", label: "Kiosk mode", group: "Dashboard", run: toggleKiosk },
    { keys: "d E", label: "Expand all rows", group: "Dashboard", run: () => setAll(true) },
    { keys: "d C", label: "Collapse all rows", group: "Dashboard", run: () => setAll(false) },
    { keys: "Escape", label: "Leave the panel or kiosk mode", group: "Dashboard", run: leave },
    {
      keys: "v",
      label: "View the panel alone",
      group: "Panel under the mouse",
      run: panel((key) => view(viewed ? null : key)),
    },
    { keys: "i", label: "Inspect its data", group: "Panel under the mouse", run: panel(inspect) },
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
