/** Pie and donut: shares of a whole, with a legend. */

import { useMemo, useState } from "react";
import { readableOn } from "../../lib/colors";
import { formattedText, formatValue } from "../../lib/format";
import type { LegendCalc, LegendItem } from "../legend/items";
import { LegendLayout, useHiding } from "../legend/LegendLayout";
import { legendOptions, oneOf, reduceOptions } from "../options";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { type FieldValue, fieldValues } from "../values/fieldValues";
import styles from "./piechart.module.css";
import { combined, combineOption, type Slice, slicePath, slices } from "./slices";

const DONUT_SHARE = 0.62;
/** Smaller slices have no room for a label. */
const MIN_LABEL_SHARE = 0.04;

export function PieChartPanel(props: PanelProps) {
  const { panel, width, height } = props;
  const { frames } = usePanelFrames(props);
  const values = useMemo(
    () =>
      combined(
        fieldValues(frames, reduceOptions(panel), { theme: props.theme, timeZone: props.timeZone }),
        combineOption(panel.options ?? {}),
      ),
    [frames, panel, props.theme, props.timeZone],
  );
  const { isHidden, toggle } = useHiding(values.map(({ key }) => key));
  const options = panel.options ?? {};
  const sort = oneOf(options.sort, ["desc", "asc", "none"], "desc");
  const shown = slices(
    values.filter(({ key }) => !isHidden(key)),
    sort,
  );
  const legend = legendOptions(panel);
  const items = legendItems(values, shown, legendValues(options.legend), isHidden);
  return (
    <LegendLayout width={width} height={height} items={items} options={legend} onToggle={toggle}>
      {(size) => <Pie slices={shown} size={size} panelProps={props} />}
    </LegendLayout>
  );
}

function legendValues(legend: unknown): string[] {
  const values = (legend as { values?: unknown } | undefined)?.values;
  return Array.isArray(values) ? values.map(String) : [];
}

function legendItems(
  values: readonly FieldValue[],
  shown: readonly Slice[],
  columns: readonly string[],
  isHidden: (key: string) => boolean,
): LegendItem[] {
  const shares = new Map(shown.map(({ value, share }) => [value.key, share]));
  const order = new Map(shown.map(({ value }, index) => [value.key, index]));
  const place = (key: string) => order.get(key) ?? values.length;
  return [...values]
    .sort((a, b) => place(a.key) - place(b.key))
    .map(({ key, title, display }) => {
      const share = shares.get(key) ?? 0;
      const calcs: LegendCalc[] = [];
      if (columns.includes("value")) {
        calcs.push({ id: "value", title: "Value", text: formattedText(display), value: display.numeric });
      }
      if (columns.includes("percent")) {
        calcs.push({ id: "percent", title: "Percent", text: percentText(share), value: share });
      }
      return { id: key, label: title, color: display.color, visible: !isHidden(key), calcs };
    });
}

const percentText = (share: number) => formatValue(share * 100, "percent", share >= 0.1 ? 0 : 1);

interface PieProps {
  slices: readonly Slice[];
  size: { width: number; height: number };
  panelProps: PanelProps;
}

function Pie({ slices: shown, size, panelProps }: PieProps) {
  const [hovered, setHovered] = useState<string>();
  const options = panelProps.panel.options ?? {};
  const labels = Array.isArray(options.displayLabels) ? options.displayLabels.map(String) : [];
  const side = Math.max(20, Math.min(size.width, size.height) - 8);
  const center = side / 2;
  const outer = center - 3;
  const inner = options.pieType === "donut" ? outer * DONUT_SHARE : 0;
  const active = shown.find(({ value }) => value.key === hovered);
  return (
    <div className={styles.pie} style={size}>
      <svg width={side} height={side} role="img" aria-label={panelProps.panel.title || "Pie chart"}>
        {shown.map((slice) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the legend says the same by keyboard.
          <path
            key={slice.value.key}
            d={slicePath(slice, center, hovered === slice.value.key ? outer + 3 : outer, inner)}
            fill={slice.value.display.color}
            className={styles.slice}
            onMouseEnter={() => setHovered(slice.value.key)}
            onMouseLeave={() => setHovered(undefined)}
          >
            <title>{`${slice.value.title}: ${formattedText(slice.value.display)} (${percentText(slice.share)})`}</title>
          </path>
        ))}
        {labels.length > 0 &&
          shown.map((slice) => <SliceLabel key={slice.value.key} {...{ slice, labels, center, outer, inner }} />)}
        {inner > 24 && active && (
          <>
            <text x={center} y={center - 4} className={styles.centerName}>
              {active.value.title.slice(0, 24)}
            </text>
            <text x={center} y={center + 16} className={styles.centerValue}>
              {formattedText(active.value.display)}
            </text>
          </>
        )}
      </svg>
    </div>
  );
}

interface LabelProps {
  slice: Slice;
  labels: readonly string[];
  center: number;
  outer: number;
  inner: number;
}

function SliceLabel({ slice, labels, center, outer, inner }: LabelProps) {
  if (slice.share < MIN_LABEL_SHARE) {
    return null;
  }
  const angle = ((slice.from + slice.to) * 180 - 90) * (Math.PI / 180);
  const radius = inner > 0 ? (inner + outer) / 2 : outer * 0.66;
  const parts = [
    labels.includes("name") ? slice.value.title : "",
    labels.includes("value") ? formattedText(slice.value.display) : "",
    labels.includes("percent") ? percentText(slice.share) : "",
  ].filter(Boolean);
  const [x, y] = [center + radius * Math.cos(angle), center + radius * Math.sin(angle)];
  return (
    <text className={styles.label} fill={readableOn(slice.value.display.color)} x={x} y={y - (parts.length - 1) * 6.5}>
      {parts.map((part, index) => (
        <tspan key={part} x={x} dy={index === 0 ? 4 : 13}>
          {part}
        </tspan>
      ))}
    </text>
  );
}
