/** The colours of a heatmap with the counts that they stand for. */

import styles from "./heatmap.module.css";

export const SCALE_PX = 30;
const MAX_WIDTH_PX = 320;

export interface ColorScaleProps {
  colors: readonly string[];
  indexOf: (value: number) => number;
  range: [number, number];
  text: (value: number) => string;
  /** Marked on the scale. */
  hovered: number | undefined;
  width: number;
}

export function ColorScale({ colors, indexOf, range, text, hovered, width }: ColorScaleProps) {
  const place = hovered === undefined ? undefined : (indexOf(hovered) / Math.max(1, colors.length - 1)) * 100;
  return (
    <div className={styles.scale} style={{ height: SCALE_PX }}>
      <span>{text(range[0])}</span>
      <div
        className={styles.ramp}
        style={{
          width: Math.min(MAX_WIDTH_PX, width * 0.5),
          background: `linear-gradient(90deg, ${colors.join(", ")})`,
        }}
      >
        {place !== undefined && hovered !== undefined && (
          <i className={styles.mark} style={{ left: `${place}%` }}>
            <b>{text(hovered)}</b>
          </i>
        )}
      </div>
      <span>{text(range[1])}</span>
    </div>
  );
}
