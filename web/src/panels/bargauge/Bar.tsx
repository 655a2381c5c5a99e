/** One bar: plain, with a gradient, or of cells like an old display. Also drawn in cells of tables. */

import { type ThemeName, withAlpha } from "../../lib/colors";
import { mix } from "../../lib/colors/rgb";
import type { Field } from "../../lib/dataFrame";
import { colorScale } from "../../lib/fieldConfig";
import styles from "./bargauge.module.css";

export type BarMode = "basic" | "gradient" | "lcd";

export interface BarProps {
  field: Field;
  color: string;
  /** Filled part, 0 to 1. */
  share: number;
  range: { min: number; max: number };
  mode: BarMode;
  vertical: boolean;
  /** Length and thickness, CSS pixels. */
  length: number;
  thickness: number;
  showUnfilled: boolean;
  theme: ThemeName;
}

const CELL_PX = 8;
const CELL_GAP_PX = 2;

export function Bar(props: BarProps) {
  const { vertical, length, thickness, mode } = props;
  const size = vertical ? { width: thickness, height: length } : { width: length, height: thickness };
  if (length <= 0 || thickness <= 0) {
    return null;
  }
  return (
    <div className={`${styles.track} ${props.showUnfilled && mode !== "lcd" ? styles.unfilled : ""}`} style={size}>
      {mode === "lcd" ? <Cells {...props} /> : <Filling {...props} />}
    </div>
  );
}

function Filling({ color, share, mode, vertical, field, range, theme, length }: BarProps) {
  const filled = Math.max(share > 0 ? 1 : 0, share * length);
  const background =
    mode === "gradient"
      ? gradient(field, { range, share, vertical, theme })
      : mix(color, "#000000", theme === "dark" ? 0.12 : 0);
  const edge = vertical ? { borderTop: `2px solid ${color}` } : { borderRight: `2px solid ${color}` };
  return (
    <div
      className={styles.filling}
      style={{
        ...(vertical ? { height: filled, width: "100%" } : { width: filled, height: "100%" }),
        ...edge,
        background,
      }}
    />
  );
}

/** The colours that the value went through on its way; the end is the value's own. */
function gradient(
  field: Field,
  at: { range: { min: number; max: number }; share: number; vertical: boolean; theme: ThemeName },
): string {
  const { range, share, vertical, theme } = at;
  const scale = colorScale(field, theme);
  const steps = 10;
  const stops = Array.from({ length: steps + 1 }, (_, index) => {
    const value = range.min + (range.max - range.min) * share * (index / steps);
    return `${withAlpha(scale(value).color, 0.55 + 0.45 * (index / steps))} ${Math.round((index / steps) * 100)}%`;
  });
  return `linear-gradient(${vertical ? "to top" : "to right"}, ${stops.join(", ")})`;
}

function Cells({ field, share, range, vertical, length, thickness, showUnfilled, theme }: BarProps) {
  const count = Math.max(4, Math.floor(length / (CELL_PX + CELL_GAP_PX)));
  const step = length / count;
  const scale = colorScale(field, theme);
  return (
    <svg width={vertical ? thickness : length} height={vertical ? length : thickness} aria-hidden="true">
      {Array.from({ length: count }, (_, index) => {
        const lit = share > 0 && index / count < share;
        if (!lit && !showUnfilled) {
          return null;
        }
        const { color } = scale(range.min + ((range.max - range.min) * (index + 0.5)) / count);
        const place = index * step;
        const cell = vertical
          ? { x: 0, y: length - place - step + CELL_GAP_PX, width: thickness, height: step - CELL_GAP_PX }
          : { x: place, y: 0, width: step - CELL_GAP_PX, height: thickness };
        return <rect key={place} {...cell} rx={1.5} fill={lit ? color : withAlpha(color, 0.16)} />;
      })}
    </svg>
  );
}
