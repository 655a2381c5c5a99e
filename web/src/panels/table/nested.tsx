/** Tables within a table's rows: which rows have some, how high they stand, the button that opens them. */

import type { DataFrame } from "../../lib/dataFrame";
import styles from "./table.module.css";

export const EXPANDER_PX = 28;
/** More rows than this scroll within. */
const MOST_ROWS = 10;
const AROUND_PX = 30 + 8 + 2;

/** The tables of each row; undefined where the frame has none. */
export function nestedTables(frame: DataFrame): readonly (readonly DataFrame[])[] | undefined {
  const field = frame.fields.find(({ type }) => type === "nestedFrames");
  return field?.values.map((value) =>
    (Array.isArray(value) ? (value as DataFrame[]) : []).filter(
      ({ fields, length }) => fields.length > 0 && length > 0,
    ),
  );
}

export function nestedHeight(tables: readonly DataFrame[] | undefined, rowPx: number): number {
  return (tables ?? []).reduce((sum, { length }) => sum + Math.min(length, MOST_ROWS) * rowPx + AROUND_PX, 0);
}

interface ExpanderProps {
  opened: boolean;
  empty: boolean;
  onToggle: () => void;
}

export function Expander({ opened, empty, onToggle }: ExpanderProps) {
  return (
    <button
      type="button"
      className={styles.expander}
      aria-expanded={opened}
      aria-label={opened ? "Hide the rows of this group" : "Show the rows of this group"}
      disabled={empty}
      onClick={onToggle}
    >
      <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
        <path d="M5.5 2.5l6 5.5-6 5.5z" fill="currentColor" />
      </svg>
    </button>
  );
}
