/** One cell's whole value in a dialog. */

import { useEffect, useRef } from "react";
import { copyText } from "../../lib/clipboard";
import styles from "./table.module.css";

export interface InspectCellProps {
  title: string;
  text: string;
  onClose: () => void;
}

/** Longer values are cut: the page would stand still. */
const MAX_CHARS = 500_000;

export function InspectCell({ title, text, onClose }: InspectCellProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal?.();
  }, []);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-label={title} onClose={onClose}>
      <header>
        <b>{title}</b>
        <button type="button" onClick={() => void copyText(text)}>
          Copy
        </button>
        <button type="button" onClick={onClose} aria-label="Close">
          ×
        </button>
      </header>
      <pre>{text.slice(0, MAX_CHARS)}</pre>
    </dialog>
  );
}

/** Objects and JSON laid out, everything else as it is. */
export function wholeText(value: unknown, shown: string): string {
  if (typeof value === "object" && value !== null) {
    return JSON.stringify(value, null, 2);
  }
  if (typeof value === "string" && /^\s*[{[]/.test(value)) {
    try {
      return JSON.stringify(JSON.parse(value), null, 2);
    } catch {
      return value;
    }
  }
  return typeof value === "string" ? value : shown;
}
