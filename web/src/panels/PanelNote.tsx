/** What a panel says when its data have no shape that it could draw. */

import styles from "./note.module.css";

export function PanelNote({ width, height, text }: { width: number; height: number; text: string }) {
  return (
    <div className={styles.note} style={{ width, height }} role="note">
      {text}
    </div>
  );
}
