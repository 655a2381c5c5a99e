/** The time range: quick ranges, absolute or relative text, recent ranges, the time zone; zoom and shift beside it. */

import { Popover } from "@mantine/core";
import { IconCalendar, IconChevronLeft, IconChevronRight, IconClock, IconZoomOut } from "@tabler/icons-react";
import { type FormEvent, lazy, Suspense, useState } from "react";
import {
  describeRange,
  FISCAL_RANGES,
  formatTime,
  parseTime,
  QUICK_RANGES,
  type QuickRange,
  type RawRange,
  resolveRange,
} from "../lib/time";
import { recall } from "../state/storage";
import type { TimeState } from "../state/timeState";
import classes from "./TimePicker.module.css";

const Calendar = lazy(() => import("./Calendar").then((m) => ({ default: m.Calendar })));

interface Props {
  time: TimeState;
  /** The dashboard's own quick ranges, before the usual ones. */
  more?: readonly QuickRange[];
}

const NO_RANGES: readonly QuickRange[] = [];

export function TimePicker({ time, more = NO_RANGES }: Props) {
  const [opened, setOpened] = useState(false);
  const label = describeRange(time.raw, time.zone);
  const exact = `${formatTime(time.range.fromMs, time.zone)} to ${formatTime(time.range.toMs, time.zone)}`;
  const choose = (raw: RawRange) => {
    setOpened(false);
    time.setRaw(raw);
  };
  return (
    <div className={`buttonGroup ${classes.group}`}>
      <button
        type="button"
        className="button"
        data-icon="true"
        title="Earlier (t ←)"
        aria-label="Earlier"
        onClick={() => time.shift(-1)}
      >
        <IconChevronLeft size={16} />
      </button>
      <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus width={560}>
        <Popover.Target>
          <button
            type="button"
            className={`button ${classes.main}`}
            title={exact}
            aria-label={`Time range: ${label}`}
            onClick={() => setOpened(!opened)}
          >
            <IconClock size={15} />
            <span className="ellipsis">{label}</span>
            {time.zone !== "browser" && <span className={classes.zone}>{time.zone === "utc" ? "UTC" : time.zone}</span>}
          </button>
        </Popover.Target>
        <Popover.Dropdown className={classes.dropdown}>
          {opened && <Choices time={time} more={more} choose={choose} />}
        </Popover.Dropdown>
      </Popover>
      <button
        type="button"
        className="button"
        data-icon="true"
        title="Later (t →)"
        aria-label="Later"
        onClick={() => time.shift(1)}
      >
        <IconChevronRight size={16} />
      </button>
      <button
        type="button"
        className="button"
        data-icon="true"
        title="Zoom out (Ctrl+Z)"
        aria-label="Zoom out"
        onClick={time.zoomOut}
      >
        <IconZoomOut size={16} />
      </button>
    </div>
  );
}

interface ChoicesProps {
  time: TimeState;
  more: readonly QuickRange[];
  choose: (raw: RawRange) => void;
}

function Choices({ time, more, choose }: ChoicesProps) {
  const recent = recall<RawRange[]>("recent-ranges", []).filter(
    (r) => !QUICK_RANGES.some((q) => q.from === r.from && q.to === r.to),
  );
  return (
    <div className={classes.choices}>
      <div className={classes.left}>
        <AbsoluteForm time={time} choose={choose} />
        {recent.length > 0 && (
          <section>
            <h2>Recent</h2>
            {recent.map((raw) => (
              <button
                type="button"
                key={`${raw.from} ${raw.to}`}
                className={classes.choice}
                onClick={() => choose(raw)}
              >
                {describeRange(raw, time.zone)}
              </button>
            ))}
          </section>
        )}
        <ZoneChoice time={time} />
      </div>
      <fieldset className={classes.quick}>
        <legend className="visuallyHidden">Quick ranges</legend>
        {[...more, ...QUICK_RANGES, ...(time.fiscalStart > 0 ? FISCAL_RANGES : [])].map((quick) => (
          <button
            type="button"
            key={quick.label}
            className={classes.choice}
            aria-pressed={quick.from === time.raw.from && quick.to === time.raw.to}
            onClick={() => choose(quick)}
          >
            {quick.label}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function textOf(raw: string, zone: string): string {
  return /^\d{9,}$/.test(raw) ? formatTime(Number(raw), zone) : raw;
}

function AbsoluteForm({ time, choose }: { time: TimeState; choose: (raw: RawRange) => void }) {
  const [from, setFrom] = useState(() => textOf(time.raw.from, time.zone));
  const [to, setTo] = useState(() => textOf(time.raw.to, time.zone));
  const [calendar, setCalendar] = useState(false);
  const { zone, weekStart, fiscalStart } = time;
  const options = { nowMs: Date.now(), zone, weekStart, fiscalStart };
  const fromBad = parseTime(from, options) === null;
  const toBad = parseTime(to, { ...options, roundUp: true }) === null;
  const resolved = resolveRange({ from, to }, options);
  const problem =
    fromBad || toBad ? "Write now-6h, now/d or 2026-01-31 14:00" : resolved ? null : "The start must be before the end";
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!resolved) return;
    // Absolute ends travel as epoch milliseconds, so that a shared link means the same in every zone.
    const fixed = (text: string, ms: number) => (text.trim().startsWith("now") ? text.trim() : String(ms));
    choose({ from: fixed(from, resolved.fromMs), to: fixed(to, resolved.toMs) });
  };
  return (
    <form className={classes.form} onSubmit={onSubmit}>
      <label>
        From
        <input
          className="field"
          value={from}
          aria-invalid={fromBad}
          onChange={(e) => setFrom(e.currentTarget.value)}
          data-autofocus
        />
      </label>
      <label>
        To
        <input className="field" value={to} aria-invalid={toBad} onChange={(e) => setTo(e.currentTarget.value)} />
      </label>
      <p className={classes.problem} role="status">
        {problem}
      </p>
      {calendar && (
        <Suspense>
          <Calendar
            zone={zone}
            weekStart={weekStart}
            range={resolved}
            choose={(first, last) => {
              setFrom(`${first} 00:00:00`);
              setTo(`${last} 23:59:59`);
            }}
          />
        </Suspense>
      )}
      <div className={classes.actions}>
        <button
          type="button"
          className="button"
          aria-expanded={calendar}
          aria-label="Calendar"
          title="Choose days from a calendar"
          data-icon="true"
          onClick={() => setCalendar(!calendar)}
        >
          <IconCalendar size={16} />
        </button>
        <button type="submit" className="button" data-kind="primary" disabled={!resolved}>
          Apply
        </button>
      </div>
    </form>
  );
}

function ZoneChoice({ time }: { time: TimeState }) {
  const zones = [
    ["browser", `Browser (${Intl.DateTimeFormat().resolvedOptions().timeZone})`],
    ["utc", "UTC"],
  ];
  if (!zones.some(([zone]) => zone === time.zone)) zones.push([time.zone, time.zone]);
  return (
    <label className={classes.zones}>
      Time zone
      <select className="field" value={time.zone} onChange={(event) => time.setZone(event.currentTarget.value)}>
        {zones.map(([zone, name]) => (
          <option key={zone} value={zone}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
