/** A visualisation and its legend beside or below it, and which series the legend hides. */

import { type ReactNode, useCallback, useState } from "react";
import type { LegendOptions } from "../options";
import { type LegendItem, legendBox } from "./items";
import { Legend } from "./Legend";
import styles from "./layout.module.css";

export interface LegendLayoutProps {
  width: number;
  height: number;
  items: readonly LegendItem[];
  options: LegendOptions;
  /** Absent where the legend only explains colours. */
  onToggle?: (id: string, adds: boolean) => void;
  /** Draws the visualisation in the room that is left. */
  children: (size: { width: number; height: number }) => ReactNode;
}

export function LegendLayout({ width, height, items, options, onToggle, children }: LegendLayoutProps) {
  if (!options.show || items.length === 0) {
    return <div style={{ width, height }}>{children({ width, height })}</div>;
  }
  const box = legendBox(items, options, { width, height });
  const right = box.placement === "right";
  const rest = right ? { width: width - box.width, height } : { width, height: height - box.height };
  return (
    <div className={right ? styles.row : styles.stack} style={{ width, height }}>
      {children(rest)}
      <div className={styles.legend} style={{ width: box.width, height: box.height }}>
        <Legend items={items} options={options} placement={box.placement} onToggle={onToggle} />
      </div>
    </div>
  );
}

export interface Hiding {
  isHidden: (id: string) => boolean;
  toggle: (id: string, adds: boolean) => void;
}

/** A click shows only that series, a second one all; with a modifier it hides or shows that one. */
export function useHiding(ids: readonly string[]): Hiding {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const key = ids.join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the ids.
  const toggle = useCallback((id: string, adds: boolean) => setHidden((now) => toggled(now, ids, id, adds)), [key]);
  const isHidden = useCallback((id: string) => hidden.has(id), [hidden]);
  return { isHidden, toggle };
}

/** Which series are hidden after a click. */
export function toggled(
  hidden: ReadonlySet<string>,
  ids: readonly string[],
  id: string,
  adds: boolean,
): ReadonlySet<string> {
  if (adds) {
    const next = new Set(hidden);
    if (!next.delete(id)) {
      next.add(id);
    }
    return next;
  }
  const shown = ids.filter((other) => !hidden.has(other));
  const isolated = shown.length === 1 && shown[0] === id && ids.length > 1;
  return new Set(isolated ? [] : ids.filter((other) => other !== id));
}
