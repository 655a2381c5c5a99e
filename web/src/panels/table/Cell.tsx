/** One cell of a table. */

import { type CSSProperties, lazy, Suspense } from "react";
import { Sparkline } from "../../charts/Sparkline";
import { parseColor, readableOn, type ThemeName } from "../../lib/colors";
import { mix } from "../../lib/colors/rgb";
import { type DataFrame, type DisplayValue, type Field, isTrend } from "../../lib/dataFrame";
import { fieldRange } from "../../lib/fieldConfig";
import { formattedText } from "../../lib/format";
import { Bar } from "../bargauge/Bar";
import { fieldLinks, isOwnImage, type ResolvedLink, safeHref } from "../links";
import type { PanelProps } from "../types";
import type { Column } from "./columns";
import styles from "./table.module.css";

const MarkdownCell = lazy(() => import("../text/MarkdownCell"));

export interface CellProps {
  column: Column;
  frame: DataFrame;
  row: number;
  height: number;
  /** Colours of the whole row, where a column gives them. */
  rowLook: CSSProperties | undefined;
  theme: ThemeName;
  interpolate: PanelProps["interpolate"];
  onInspect: (value: unknown, display: DisplayValue) => void;
}

export function Cell({ column, frame, row, height, rowLook, theme, interpolate, onInspect }: CellProps) {
  const { field, cell, width, align } = column;
  const value = field.values[row];
  const display: DisplayValue = field.display?.(value) ?? { text: String(value ?? ""), numeric: Number.NaN, color: "" };
  const text = formattedText(display);
  const look = cell.type === "color-background" ? backgroundLook(display.color, cell.solid, theme) : rowLook;
  const style: CSSProperties = { width, height, textAlign: align, ...look };
  if (cell.type === "color-text") {
    style.color = display.color;
  }
  const links = field.config.links?.length ? fieldLinks({ field, frame, row }, interpolate) : [];
  const [link] = links;
  if (column.frozenLeft !== undefined) {
    Object.assign(style, { position: "sticky", left: column.frozenLeft, zIndex: 1 });
    style.background ??= "var(--bg-surface)";
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the table.
    <div
      role="cell"
      className={`${styles.cell} ${column.wraps ? styles.wraps : ""} ${column.inspectable ? styles.inspectable : ""}`}
      style={style}
      title={text.length > 12 && cell.type !== "markdown" ? text : undefined}
    >
      {cell.type === "data-links" ? (
        links.map((each) => <CellLink key={`${each.title} ${each.href}`} link={each} text={each.title} />)
      ) : link ? (
        <CellLink link={link} text={cell.type === "image" ? cell.alt || text : text} />
      ) : (
        <Content column={column} value={value} display={display} height={height} theme={theme} />
      )}
      {column.inspectable && text !== "" && (
        <button
          type="button"
          className={styles.inspect}
          aria-label={`Show ${column.name} whole`}
          onClick={() => onInspect(value, display)}
        >
          <svg viewBox="0 0 16 16" width="13" height="13" aria-hidden="true">
            <path
              d="M8 3.5C4.5 3.5 2 6.2 1 8c1 1.8 3.5 4.5 7 4.5S14 9.8 15 8c-1-1.8-3.5-4.5-7-4.5zm0 7.2A2.7 2.7 0 1 1 8 5.300a2.700 2.700 0 0 1 0 5.400z"
              fill="currentColor"
            />
          </svg>
        </button>
      )}
    </div>
  );
}

function CellLink({ link, text }: { link: ResolvedLink; text: string }) {
  return (
    <a href={link.href} target={link.target} rel="noreferrer" title={link.title} className={styles.link}>
      {text}
    </a>
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
      return <TrendCell {...{ column, value, display, height, text }} hideValue={cell.hideValue} />;
    case "image":
      return <ImageCell source={String(value ?? "")} alt={cell.alt} title={cell.title} height={height} />;
    case "markdown":
      return (
        <Suspense fallback={text}>
          <MarkdownCell text={text} />
        </Suspense>
      );
    case "actions":
      return <ActionNames field={column.field} />;
    case "geo":
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

interface TrendCellProps extends Pick<ContentProps, "column" | "value" | "display" | "height"> {
  text: string;
  hideValue: boolean;
}

/** A series: its course, and beside it the value that speaks for it. */
function TrendCell({ column, value, display, height, text, hideValue }: TrendCellProps) {
  const series = trendOf(value);
  if (!series) {
    return text;
  }
  const inner = column.width - 20;
  const valueWidth = isTrend(value) && !hideValue ? Math.min(inner * BAR_VALUE_SHARE, 80) : 0;
  return (
    <div className={styles.gauge}>
      <Sparkline {...series} color={display.color} width={inner - valueWidth} height={height - 10} />
      {valueWidth > 0 && <span style={{ width: valueWidth }}>{text}</span>}
    </div>
  );
}

function trendOf(value: unknown): { times: readonly number[]; values: readonly (number | null)[] } | undefined {
  if (Array.isArray(value)) {
    return { times: value.map((_, index) => index), values: value };
  }
  const [times, values] = isTrend(value) ? value.fields : [];
  return times && values ? { times: times.values as number[], values: values.values as (number | null)[] } : undefined;
}

/** Pictures of other servers would tell them who looks at this table: they stay links. */
function ImageCell({ source, alt, title, height }: { source: string; alt: string; title: string; height: number }) {
  const href = source.startsWith("data:image/") ? source : safeHref(source);
  if (source === "" || !href) {
    return source.slice(0, 200);
  }
  if (isOwnImage(source)) {
    return <img src={source} alt={alt} title={title || undefined} style={{ height: height - 6, maxWidth: "100%" }} />;
  }
  return <CellLink link={{ href, title: title || "External image", target: "_blank" }} text={alt || source} />;
}

/** What a file would have done is named, never done: it would act in the reader's name. */
function ActionNames({ field }: { field: Field }) {
  const actions = Array.isArray(field.config.actions) ? field.config.actions : [];
  return actions.slice(0, 5).map(({ title }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: actions have no other identity.
    <span key={index} className={styles.action} title="Actions are not run here">
      {String(title ?? "Action")}
    </span>
  ));
}

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
