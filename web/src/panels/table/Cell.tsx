/** One cell of a table. */

import type { CSSProperties } from "react";
import { Sparkline } from "../../charts/Sparkline";
import { parseColor, readableOn, type ThemeName } from "../../lib/colors";
import { mix } from "../../lib/colors/rgb";
import type { DataFrame, DisplayValue } from "../../lib/dataFrame";
import { fieldRange } from "../../lib/fieldConfig";
import { formattedText } from "../../lib/format";
import { Bar } from "../bargauge/Bar";
import { fieldLinks } from "../links";
import type { PanelProps } from "../types";
import type { Column } from "./columns";
import styles from "./table.module.css";

export interface CellProps {
  column: Column;
  frame: DataFrame;
  row: number;
  height: number;
  /** Colours of the whole row, where a column gives them. */
  rowLook: CSSProperties | undefined;
  theme: ThemeName;
  interpolate: PanelProps["interpolate"];
}

export function Cell({ column, frame, row, height, rowLook, theme, interpolate }: CellProps) {
  const { field, cell, width, align } = column;
  const value = field.values[row];
  const display: DisplayValue = field.display?.(value) ?? { text: String(value ?? ""), numeric: Number.NaN, color: "" };
  const text = formattedText(display);
  const look = cell.type === "color-background" ? backgroundLook(display.color, cell.solid, theme) : rowLook;
  const style: CSSProperties = { width, height, textAlign: align, ...look };
  if (cell.type === "color-text") {
    style.color = display.color;
  }
  const [link] = field.config.links?.length ? fieldLinks({ field, frame, row }, interpolate) : [];
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the table.
    <div
      role="cell"
      className={`${styles.cell} ${column.wraps ? styles.wraps : ""}`}
      style={style}
      title={text.length > 12 ? text : undefined}
    >
      {link ? (
        <a href={link.href} target={link.target} rel="noreferrer" title={link.title} className={styles.link}>
          {text}
        </a>
      ) : (
        <Content column={column} value={value} display={display} height={height} theme={theme} />
      )}
    </div>
  );
}

interface ContentProps {
  column: Column;
  value: unknown;
  display: DisplayValue;
  height: number;
  theme: ThemeName;
}

function Content({ column, value, display, height, theme }: ContentProps) {
  const { cell } = column;
  const text = formattedText(display);
  switch (cell.type) {
    case "gauge":
      return Number.isFinite(display.numeric) ? <GaugeCell {...{ column, display, height, theme, text }} /> : text;
    case "sparkline":
      return isTrend(value) ? (
        <Sparkline
          times={value.map((_, index) => index)}
          values={value}
          color={display.color}
          width={column.width - 18}
          height={height - 10}
        />
      ) : (
        text
      );
    case "json-view":
      return <code className={styles.json}>{typeof value === "string" ? value : JSON.stringify(value)}</code>;
    case "pill":
      return text === "" ? null : (
        <span className={styles.pill} style={{ background: display.color, color: readableOn(display.color) }}>
          {text}
        </span>
      );
    default:
      return text;
  }
}

const isTrend = (value: unknown): value is (number | null)[] => Array.isArray(value);

const BAR_VALUE_SHARE = 0.38;

function GaugeCell({ column, display, height, theme, text }: Omit<ContentProps, "value"> & { text: string }) {
  const { field, cell, width } = column;
  if (cell.type !== "gauge") {
    return null;
  }
  const range = fieldRange(field);
  const inner = width - 20;
  const valueWidth = cell.valueMode === "hidden" ? 0 : Math.min(inner * BAR_VALUE_SHARE, 90);
  return (
    <div className={styles.gauge}>
      <Bar
        field={field}
        color={display.color}
        share={Math.min(1, Math.max(0, (display.numeric - range.min) / (range.delta || 1)))}
        range={range}
        mode={cell.mode}
        vertical={false}
        length={inner - valueWidth}
        thickness={Math.max(6, height - 14)}
        showUnfilled
        theme={theme}
      />
      {valueWidth > 0 && (
        <span style={{ width: valueWidth, color: cell.valueMode === "color" ? display.color : undefined }}>{text}</span>
      )}
    </div>
  );
}

/** A coloured background and the text colour that can be read upon it. */
export function backgroundLook(color: string, solid: boolean, theme: ThemeName): CSSProperties {
  if (color === "transparent" || parseColor(color).a === 0) {
    return {};
  }
  const edge = mix(color, theme === "dark" ? "#000000" : "#ffffff", 0.16);
  return { background: solid ? color : `linear-gradient(120deg, ${edge}, ${color})`, color: readableOn(color) };
}
