/** Bar gauge: values as bars of one scale, side by side or under one another. */

import { textWidth } from "../../charts/measure";
import { formattedText } from "../../lib/format";
import { fieldLinks } from "../links";
import { numberOption, oneOf, orientationOption, reduceOptions } from "../options";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { type FieldValue, fieldValues, gaugeRange } from "../values/fieldValues";
import { longest } from "../values/grid";
import { Bar, type BarMode } from "./Bar";
import styles from "./bargauge.module.css";

const GAP = 8;
const MIN_ROW_PX = 18;
const MIN_COLUMN_PX = 28;

interface Look {
  mode: BarMode;
  showUnfilled: boolean;
  valueMode: "color" | "text" | "hidden";
  namePlacement: "auto" | "top" | "left" | "hidden";
  titlePx: number | undefined;
  valuePx: number | undefined;
  /** Bounds of one bar, CSS pixels; the panel scrolls where they need more room. */
  minWidth: number;
  minHeight: number;
  maxHeight: number;
}

export function BarGaugePanel(props: PanelProps) {
  const { panel, width, height } = props;
  const { frames } = usePanelFrames(props);
  const values = fieldValues(frames, reduceOptions(panel), props);
  const chosen = orientationOption(panel);
  const vertical = chosen === "vertical" || (chosen === "auto" && width > height);
  const options = panel.options ?? {};
  const look: Look = {
    mode: oneOf(options.displayMode, ["basic", "gradient", "lcd"], "gradient"),
    showUnfilled: options.showUnfilled !== false,
    valueMode: oneOf(options.valueMode, ["color", "text", "hidden"], "color"),
    namePlacement: oneOf(options.namePlacement, ["auto", "top", "left", "hidden"], "auto"),
    titlePx: numberOption(options.text, "titleSize"),
    valuePx: numberOption(options.text, "valueSize"),
    ...sizing(options),
  };
  const Layout = vertical ? Columns : Rows;
  return (
    <div className={styles.panel} style={{ width, height }}>
      <Layout values={values} look={look} panelProps={props} />
    </div>
  );
}

const DEFAULT_MAX_HEIGHT = 300;
const AUTOMATIC_MAX_BAR_PX = 80;

/** Manual sizing takes the file's bounds, automatic its own. */
function sizing(options: Record<string, unknown>): Pick<Look, "minWidth" | "minHeight" | "maxHeight"> {
  const manual = options.sizing === "manual";
  const given = (key: string, fallback: number) =>
    manual ? Math.max(1, numberOption(options, key) ?? fallback) : fallback;
  return {
    minWidth: given("minVizWidth", MIN_COLUMN_PX),
    minHeight: given("minVizHeight", MIN_ROW_PX),
    maxHeight: manual
      ? Math.max(10, numberOption(options, "maxVizHeight") ?? DEFAULT_MAX_HEIGHT)
      : AUTOMATIC_MAX_BAR_PX,
  };
}

interface LayoutProps {
  values: readonly FieldValue[];
  look: Look;
  panelProps: PanelProps;
}

function shareOf(value: FieldValue, range: { min: number; max: number }): number {
  return Math.min(1, Math.max(0, (value.display.numeric - range.min) / (range.max - range.min) || 0));
}

function Rows({ values, look, panelProps }: LayoutProps) {
  const { width, height, theme } = panelProps;
  const named =
    look.namePlacement !== "hidden" && (values.length > 1 || panelProps.panel.fieldConfig?.defaults?.displayName);
  const row = Math.max(look.minHeight, (height - GAP * (values.length - 1)) / values.length);
  const onTop = Boolean(named) && (look.namePlacement === "top" || (look.namePlacement === "auto" && row >= 46));
  const titlePx = look.titlePx ?? Math.max(11, Math.min(15, row * (onTop ? 0.32 : 0.5)));
  const bar = Math.min(onTop ? row - titlePx * 1.5 : row, look.maxHeight);
  const valuePx = look.valuePx ?? Math.max(11, Math.min(28, bar * 0.55));
  const titles = longest(values.map(({ title }) => title));
  const texts = longest(values.map(({ display }) => formattedText(display)));
  const titleWidth = named && !onTop ? Math.min(width * 0.42, textWidth(titles, titlePx, 500) + 12) : 0;
  const valueWidth = look.valueMode === "hidden" ? 0 : Math.min(width * 0.4, textWidth(texts, valuePx, 500) + 14);
  return (
    <div className={styles.rows} style={{ gap: GAP }}>
      {values.map((value) => {
        const range = gaugeRange(value);
        return (
          <Linked
            key={value.key}
            value={value}
            panelProps={panelProps}
            className={onTop ? styles.stackedRow : styles.row}
          >
            {named && (
              <div
                className={styles.name}
                style={{ fontSize: titlePx, width: onTop ? "100%" : titleWidth, lineHeight: `${titlePx * 1.5}px` }}
                title={value.title}
              >
                {value.title}
              </div>
            )}
            <div className={styles.barRow} style={{ height: bar }}>
              <Bar
                field={value.field}
                color={value.display.color}
                share={shareOf(value, range)}
                range={range}
                mode={look.mode}
                vertical={false}
                length={Math.max(0, width - (onTop ? 0 : titleWidth) - valueWidth)}
                thickness={bar}
                showUnfilled={look.showUnfilled}
                theme={theme}
              />
              <Value value={value} look={look} px={valuePx} width={valueWidth} />
            </div>
          </Linked>
        );
      })}
    </div>
  );
}

function Columns({ values, look, panelProps }: LayoutProps) {
  const { width, height, theme } = panelProps;
  const named =
    look.namePlacement !== "hidden" && (values.length > 1 || panelProps.panel.fieldConfig?.defaults?.displayName);
  const column = Math.max(look.minWidth, (width - GAP * (values.length - 1)) / values.length);
  const texts = longest(values.map(({ display }) => formattedText(display)));
  const fitting = (column / Math.max(1, textWidth(texts, 100, 500))) * 100 * 0.94;
  const valuePx = look.valuePx ?? Math.max(9, Math.min(26, fitting));
  const titlePx = look.titlePx ?? 12;
  const valueHeight = look.valueMode === "hidden" ? 0 : valuePx * 1.35;
  const length = Math.max(10, height - valueHeight - (named ? titlePx * 1.6 : 0));
  return (
    <div className={styles.columns} style={{ gap: GAP }}>
      {values.map((value) => {
        const range = gaugeRange(value);
        return (
          <Linked key={value.key} value={value} panelProps={panelProps} className={styles.column} width={column}>
            <Value value={value} look={look} px={valuePx} width={column} />
            <Bar
              field={value.field}
              color={value.display.color}
              share={shareOf(value, range)}
              range={range}
              mode={look.mode}
              vertical
              length={length}
              thickness={column}
              showUnfilled={look.showUnfilled}
              theme={theme}
            />
            {named && (
              <div
                className={styles.name}
                style={{ fontSize: titlePx, width: column, lineHeight: `${titlePx * 1.6}px`, textAlign: "center" }}
                title={value.title}
              >
                {value.title}
              </div>
            )}
          </Linked>
        );
      })}
    </div>
  );
}

function Value({ value, look, px, width }: { value: FieldValue; look: Look; px: number; width: number }) {
  if (look.valueMode === "hidden") {
    return null;
  }
  const color = look.valueMode === "color" ? value.display.color : undefined;
  return (
    <div className={styles.value} style={{ color, fontSize: px, width }}>
      {formattedText(value.display)}
    </div>
  );
}

interface LinkedProps {
  value: FieldValue;
  panelProps: PanelProps;
  className: string | undefined;
  width?: number;
  children: React.ReactNode;
}

function Linked({ value, panelProps, className, width, children }: LinkedProps) {
  const [link] = fieldLinks(value, panelProps.interpolate);
  if (!link) {
    return (
      <div className={className} style={{ width }}>
        {children}
      </div>
    );
  }
  return (
    <a
      className={className}
      style={{ width }}
      href={link.href}
      target={link.target}
      rel="noreferrer"
      title={link.title}
    >
      {children}
    </a>
  );
}
