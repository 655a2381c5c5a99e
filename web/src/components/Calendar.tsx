/** A month of days: the first click begins a range of days, the second ends it; arrow keys walk. */

import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { addDays, dayOf, monthName, monthWeeks, shiftMonth, weekdayNames } from "../lib/calendar";
import type { ResolvedRange } from "../lib/time";
import classes from "./Calendar.module.css";

interface Props {
  zone: string;
  weekStart: number;
  /** Marked, where there is one. */
  range: ResolvedRange | null;
  /** Days as `2026-01-31`, both included. */
  choose: (first: string, last: string) => void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function Calendar({ zone, weekStart, range, choose }: Props) {
  const today = dayOf(Date.now(), zone);
  const [first, last] = range ? [dayOf(range.fromMs, zone), dayOf(range.toMs, zone)] : ["", ""];
  const [cursor, setCursor] = useState(last || today);
  const [anchor, setAnchor] = useState<string | null>(null);
  const grid = useRef<HTMLTableElement>(null);
  const walking = useRef(false);
  const month = cursor.slice(0, 7);

  useEffect(() => {
    if (!walking.current) return;
    walking.current = false;
    grid.current?.querySelector<HTMLElement>(`[data-day="${cursor}"]`)?.focus();
  }, [cursor]);

  const pick = (day: string) => {
    const [from, to] = anchor !== null && anchor <= day ? [anchor, day] : [day, anchor ?? day];
    setAnchor(anchor === null ? day : null);
    setCursor(day);
    choose(from, to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = { PageUp: -1, PageDown: 1 }[event.key];
    const step = STEPS[event.key];
    if (step === undefined && page === undefined) return;
    event.preventDefault();
    walking.current = true;
    setCursor(page === undefined ? addDays(cursor, step ?? 0) : shiftMonth(cursor, page));
  };
  return (
    <div className={classes.calendar}>
      <div className={classes.head}>
        <button type="button" aria-label="Earlier month" onClick={() => setCursor(shiftMonth(cursor, -1))}>
          <IconChevronLeft size={15} />
        </button>
        <span aria-live="polite">{monthName(month)}</span>
        <button type="button" aria-label="Later month" onClick={() => setCursor(shiftMonth(cursor, 1))}>
          <IconChevronRight size={15} />
        </button>
      </div>
      <table ref={grid} aria-label={monthName(month)}>
        <thead>
          <tr>
            {weekdayNames(weekStart).map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={onKeyDown}>
          {monthWeeks(month, weekStart).map((week) => (
            <tr key={week[0]}>
              {week.map((day) => (
                <td key={day} data-within={day >= first && day <= last}>
                  <button
                    type="button"
                    data-day={day}
                    data-other={!day.startsWith(month)}
                    data-end={day === first || day === last}
                    aria-current={day === today ? "date" : undefined}
                    aria-pressed={day >= first && day <= last}
                    aria-label={day}
                    tabIndex={day === cursor ? 0 : -1}
                    onClick={() => pick(day)}
                  >
                    {Number(day.slice(8))}
                  </button>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
