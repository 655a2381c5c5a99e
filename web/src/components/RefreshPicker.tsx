/** Refresh now, and how often by itself. */

import { Menu } from "@mantine/core";
import { IconChevronDown, IconRefresh } from "@tabler/icons-react";
import type { TimeState } from "../state/timeState";
import classes from "./RefreshPicker.module.css";

interface Props {
  time: TimeState;
  intervals: string[];
  /** Something is being loaded. */
  busy: boolean;
}

export function RefreshPicker({ time, intervals, busy }: Props) {
  const on = time.refresh !== "" && time.refresh !== "off";
  return (
    <div className="buttonGroup">
      <button
        type="button"
        className="button"
        data-icon="true"
        title="Refresh (d r)"
        aria-label="Refresh"
        onClick={time.refreshNow}
      >
        <IconRefresh size={16} className={busy ? classes.busy : undefined} />
      </button>
      <Menu>
        <Menu.Target>
          <button
            type="button"
            className={`button ${classes.every}`}
            data-active={on}
            aria-label={on ? `Refresh interval: ${time.refresh}` : "Refresh interval"}
          >
            {on && <span>{time.refresh}</span>}
            <IconChevronDown size={14} />
          </button>
        </Menu.Target>
        <Menu.Dropdown className={classes.list}>
          {["off", "auto", ...intervals].map((every) => (
            <Menu.Item
              key={every}
              data-active={every === time.refresh || (every === "off" && !on)}
              onClick={() => time.setRefresh(every)}
            >
              {every === "off" ? "Off" : every === "auto" ? "Auto" : every}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
