/** The legend: a flowing list or a table with calculations. A click isolates, with Ctrl or Shift it adds. */

import { useState } from "react";
import type { LegendOptions } from "../options";
import { type LegendItem, sortItems } from "./items";
import styles from "./legend.module.css";

export interface LegendProps {
  items: readonly LegendItem[];
  options: LegendOptions;
  placement: "bottom" | "right";
  /** `adds` is true for a click with Ctrl, Shift or Meta; absent where nothing can be hidden. */
  onToggle?: (id: string, adds: boolean) => void;
}

interface Sorting {
  by: string | undefined;
  descending: boolean;
}

export function Legend(props: LegendProps) {
  const { items, options } = props;
  const [sorting, setSorting] = useState<Sorting>({ by: options.sortBy, descending: options.sortDesc ?? false });
  const sorted = sortItems(items, sorting.by, sorting.descending);
  if (options.mode === "table") {
    return (
      <LegendTable {...props} items={sorted} sorting={sorting} onSort={(by) => setSorting(nextSorting(sorting, by))} />
    );
  }
  return (
    <ul className={`${styles.list} ${props.placement === "right" ? styles.column : ""}`}>
      {sorted.map((item) => (
        <li key={item.id} className={styles.item}>
          <SeriesButton item={item} onToggle={props.onToggle} />
          {item.calcs.map(({ id, title, text }) => (
            <span key={id} className={styles.calc}>
              {title}: <b>{text}</b>
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** Falling, rising, as the data came. */
function nextSorting(current: Sorting, by: string): Sorting {
  if (current.by !== by) {
    return { by, descending: true };
  }
  return current.descending ? { by, descending: false } : { by: undefined, descending: false };
}

function LegendTable(props: LegendProps & { sorting: Sorting; onSort: (by: string) => void }) {
  const { items, sorting, onSort, onToggle } = props;
  const titles = items[0]?.calcs.map(({ title }) => title) ?? [];
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          {["Name", ...titles].map((title) => (
            <th key={title} aria-sort={ariaSort(sorting, title)}>
              <button type="button" className={styles.head} onClick={() => onSort(title)}>
                {title}
                <span aria-hidden="true" className={styles.arrow}>
                  {sorting.by === title ? (sorting.descending ? "▾" : "▴") : ""}
                </span>
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.id} className={item.visible ? undefined : styles.hidden}>
            <td>
              <SeriesButton item={item} onToggle={onToggle} />
            </td>
            {item.calcs.map(({ id, text }) => (
              <td key={id} className={styles.number}>
                {text}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ariaSort(sorting: Sorting, title: string): "ascending" | "descending" | "none" {
  if (sorting.by !== title) {
    return "none";
  }
  return sorting.descending ? "descending" : "ascending";
}

function SeriesButton({ item, onToggle }: { item: LegendItem; onToggle: LegendProps["onToggle"] }) {
  if (!onToggle) {
    return (
      <span className={`${styles.series} ${styles.plain}`} title={item.label}>
        <span className={styles.swatch} style={{ background: item.color }} />
        <span className={styles.label}>{item.label}</span>
      </span>
    );
  }
  return (
    <button
      type="button"
      className={`${styles.series} ${item.visible ? "" : styles.hidden}`}
      aria-pressed={item.visible}
      title={item.label}
      onClick={(event) => onToggle(item.id, event.ctrlKey || event.metaKey || event.shiftKey)}
    >
      <span className={styles.swatch} style={{ background: item.color }} />
      <span className={styles.label}>{item.label}</span>
    </button>
  );
}
