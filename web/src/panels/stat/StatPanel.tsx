/** Stat: one large value a series, with its colour and its course behind it. */

import type { CSSProperties } from "react";
import { Sparkline } from "../../charts/Sparkline";
import { parseColor, readableOn } from "../../lib/colors";
import { mix } from "../../lib/colors/rgb";
import { formatValue } from "../../lib/format";
import { fieldLinks } from "../links";
import { numberOption, oneOf, orientationOption, reduceOptions, textOption } from "../options";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { type FieldValue, fieldValues } from "../values/fieldValues";
import { gridBoxes, longest } from "../values/grid";
import { type StatLayout, statLayout, UNIT_SHARE } from "./layout";
import styles from "./stat.module.css";

const COLOR_MODES = ["value", "background", "background_solid", "none"] as const;
const TEXT_MODES = ["auto", "value", "value_and_name", "name", "none"] as const;

interface StatOptions {
  colorMode: (typeof COLOR_MODES)[number];
  showsTrend: boolean;
  showsTitle: boolean;
  showsValue: boolean;
  showsChange: boolean;
  /** How a rise is coloured: good, bad, or as the value. */
  changeColor: "standard" | "inverted" | "same_as_value";
  /** Title beside the value where the box is wide. */
  wide: boolean;
  centered: boolean;
}

export function StatPanel(props: PanelProps) {
  const { panel, width, height } = props;
  const { frames } = usePanelFrames(props);
  const values = fieldValues(frames, reduceOptions(panel), props);
  const options = statOptions(props, values);
  const boxes = gridBoxes(values.length, { width, height }, orientationOption(panel));
  const text = {
    title: options.showsTitle ? longest(values.map(({ title }) => title)) : "",
    value: options.showsValue ? longest(values.map(({ display }) => `${display.prefix ?? ""}${display.text}`)) : "",
    unit: options.showsValue ? longest(values.map(({ display }) => display.suffix ?? "")) : "",
  };
  return (
    <div className={styles.panel} style={{ width, height }}>
      {values.map((value, index) => {
        const box = boxes[index] ?? { x: 0, y: 0, width, height };
        const layout = statLayout(box, text, {
          hasTrend: options.showsTrend && value.trend !== undefined,
          centered: options.centered,
          stacked: !options.wide,
          titlePx: numberOption(panel.options?.text, "titleSize"),
          valuePx: numberOption(panel.options?.text, "valueSize"),
        });
        const place = { left: box.x, top: box.y, width: box.width, height: box.height };
        return (
          <Stat key={value.key} value={value} options={options} layout={layout} place={place} panelProps={props} />
        );
      })}
    </div>
  );
}

function statOptions({ panel }: PanelProps, values: readonly FieldValue[]): StatOptions {
  const textMode = oneOf(panel.options?.textMode, TEXT_MODES, "auto");
  const named = textMode === "auto" ? values.length > 1 || Boolean(panel.fieldConfig?.defaults?.displayName) : false;
  const showsTitle = named || textMode === "value_and_name" || textMode === "name";
  const showsTrend = textOption(panel, "graphMode") !== "none";
  const justify = oneOf(panel.options?.justifyMode, ["auto", "center"], "auto");
  return {
    colorMode: oneOf(panel.options?.colorMode, COLOR_MODES, "value"),
    showsTrend,
    showsTitle,
    showsValue: textMode !== "name" && textMode !== "none",
    showsChange: panel.options?.showPercentChange === true,
    changeColor: oneOf(panel.options?.percentChangeColorMode, ["standard", "inverted", "same_as_value"], "standard"),
    wide: panel.options?.wideLayout !== false,
    centered: justify === "center" || (values.length === 1 && !showsTitle),
  };
}

interface StatProps {
  value: FieldValue;
  options: StatOptions;
  layout: StatLayout;
  place: { left: number; top: number; width: number; height: number };
  panelProps: PanelProps;
}

function Stat({ value, options, layout, place, panelProps }: StatProps) {
  const { display, trend } = value;
  const look = colors(options.colorMode, display.color, panelProps.theme);
  const [link] = fieldLinks(value, panelProps.interpolate);
  const trendHeight = layout.kind === "wide" ? place.height * 0.6 : place.height * 0.38;
  const trendShown = options.showsTrend && trend !== undefined && place.height > 40;
  const body = (
    <>
      {trendShown && trend && (
        <div className={`${styles.trend} ${layout.kind === "wide" ? styles.faint : ""}`}>
          <Sparkline
            times={trend.times}
            values={trend.values}
            color={look.trend}
            width={place.width}
            height={trendHeight}
            lineWidth={1.25}
            fillOpacity={look.onColor ? 0.28 : 0.2}
            min={value.field.config.min}
            max={value.field.config.max}
          />
        </div>
      )}
      <div
        className={`${styles.texts} ${styles[layout.kind]} ${layout.centered ? styles.centered : ""}`}
        style={{
          padding: layout.paddingPx,
          height: layout.kind === "stacked" && trendShown && place.height > 70 ? "72%" : "100%",
        }}
      >
        {options.showsTitle && (
          <div className={styles.title} style={{ fontSize: layout.titlePx, color: look.title }} title={value.title}>
            {value.title}
          </div>
        )}
        {options.showsValue && (
          <div className={styles.value} style={{ fontSize: layout.valuePx, color: look.value }}>
            {display.prefix}
            {display.text}
            {display.suffix && <span style={{ fontSize: layout.valuePx * UNIT_SHARE }}>{display.suffix}</span>}
          </div>
        )}
        {options.showsChange && value.changePercent !== undefined && (
          <Change
            percent={value.changePercent}
            look={look}
            mode={options.changeColor}
            px={numberOption(panelProps.panel.options?.text, "percentSize") ?? layout.valuePx * 0.34}
          />
        )}
      </div>
    </>
  );
  const style: CSSProperties = { ...place, background: look.background };
  if (link) {
    return (
      <a
        className={styles.stat}
        style={style}
        href={link.href}
        target={link.target}
        rel="noreferrer"
        title={link.title}
      >
        {body}
      </a>
    );
  }
  return (
    <div className={styles.stat} style={style}>
      {body}
    </div>
  );
}

interface ChangeProps {
  percent: number;
  look: Look;
  mode: StatOptions["changeColor"];
  px: number;
}

function Change({ percent, look, mode, px }: ChangeProps) {
  const good = mode === "inverted" ? percent < 0 : percent >= 0;
  const plain = look.onColor || mode === "same_as_value";
  const color = plain ? look.value : good ? "var(--ok)" : "var(--error)";
  return (
    <div className={styles.change} style={{ color, fontSize: Math.max(11, px) }}>
      {percent >= 0 ? "▲" : "▼"} {formatValue(Math.abs(percent), "percent", 1)}
    </div>
  );
}

interface Look {
  background: string | undefined;
  value: string | undefined;
  title: string | undefined;
  trend: string;
  onColor: boolean;
}

function colors(mode: StatOptions["colorMode"], color: string, theme: PanelProps["theme"]): Look {
  const transparent = parseColor(color).a === 0 || color === "transparent";
  if ((mode === "background" || mode === "background_solid") && !transparent) {
    const text = readableOn(color);
    const edge = mix(color, theme === "dark" ? "#000000" : "#ffffff", 0.16);
    return {
      background: mode === "background" ? `linear-gradient(120deg, ${edge}, ${color})` : color,
      value: text,
      title: text,
      trend: text,
      onColor: true,
    };
  }
  const value = mode === "value" && !transparent ? color : undefined;
  return { background: undefined, value, title: undefined, trend: value ?? "#8a94a6", onColor: false };
}
