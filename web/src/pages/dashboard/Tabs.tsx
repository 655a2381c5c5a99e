/** The tabs of a dashboard of schema v2; the chosen one stands in the URL. */

import type { KeyboardEvent } from "react";
import classes from "./Tabs.module.css";

interface Props {
  tabs: readonly string[];
  chosen: string;
  choose: (tab: string) => void;
}

export function Tabs({ tabs, chosen, choose }: Props) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(chosen) + step + tabs.length) % tabs.length];
    if (next !== undefined) choose(next);
  };
  return (
    <div className={classes.tabs} role="tablist" aria-label="Tabs of the dashboard" onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab}
          type="button"
          role="tab"
          aria-selected={tab === chosen}
          tabIndex={tab === chosen ? 0 : -1}
          onClick={() => choose(tab)}
        >
          {tab}
        </button>
      ))}
    </div>
  );
}
