/** A panel of a type that is not there: says so, and shows its data as a table. */

import { FramesTable } from "../table/TablePanel";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import styles from "./unknown.module.css";

const NOTE_PX = 34;

export function UnknownPanel(props: PanelProps) {
  const { panel, width, height } = props;
  const { frames } = usePanelFrames(props);
  return (
    <div style={{ width, height }}>
      <div className={styles.note} role="note" style={{ height: NOTE_PX }}>
        Panels of type <code>{panel.type || "(none)"}</code> are not drawn yet
        {frames.length > 0 ? "; this is what its queries answered." : "."}
      </div>
      <FramesTable {...props} frames={frames} width={width} height={height - NOTE_PX} />
    </div>
  );
}
