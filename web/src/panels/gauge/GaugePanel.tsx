/** Gauge: a value on an arc between its bounds. */

import { fitText, textWidth } from "../../charts/measure";
import { colorByName, isContinuous, schemeRamp } from "../../lib/colors";
import { absoluteSteps } from "../../lib/fieldConfig/thresholds";
import { formattedText } from "../../lib/format";
import { fieldLinks } from "../links";
import { numberOption, orientationOption, reduceOptions } from "../options";
import type { PanelModel, PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { type FieldValue, fieldValues, gaugeRange } from "../values/fieldValues";
import { type Box, gridBoxes, longest } from "../values/grid";
import styles from "./gauge.module.css";

/** Degrees that the arc spans, open at the bottom; a circle is closed. */
const SPAN = 240;
const CIRCLE = 359.9;
const SCHEME_SEGMENTS = 36;
/** Width to height of a dial. */
const DIAL_RATIO = 1.15;

export function GaugePanel(props: PanelProps) {
  const { panel, width, height } = props;
  const { frames } = usePanelFrames(props);
  const values = fieldValues(frames, reduceOptions(panel), props);
  const boxes = sizedBoxes(panel, values.length, { width, height });
  const title =
    values.length > 1 || panel.fieldConfig?.defaults?.displayName ? longest(values.map((value) => value.title)) : "";
  const text = longest(values.map(({ display }) => formattedText(display)));
  return (
    <div
      className={styles.panel}
      style={{ width, height, overflow: panel.options?.sizing === "manual" ? "auto" : undefined }}
    >
      {values.map((value, index) => {
        const box = boxes[index] ?? { x: 0, y: 0, width, height };
        return (
          <div
            key={value.key}
            className={styles.cell}
            style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
          >
            <Gauge value={value} box={box} longestTitle={title} longestText={text} panelProps={props} />
          </div>
        );
      })}
    </div>
  );
}

/** With manual sizing dials keep the size that the file asks for, and the panel scrolls. */
function sizedBoxes(panel: PanelModel, count: number, size: { width: number; height: number }): Box[] {
  const orientation = orientationOption(panel);
  const boxes = gridBoxes(count, size, orientation, DIAL_RATIO);
  if (panel.options?.sizing !== "manual") {
    return boxes;
  }
  const least = {
    width: numberOption(panel.options, "minVizWidth") ?? 75,
    height: numberOption(panel.options, "minVizHeight") ?? 75,
  };
  if (orientation === "auto" || count < 2) {
    return boxes;
  }
  const stacked = orientation === "horizontal";
  const step = stacked
    ? Math.max(least.height, (boxes[0]?.height ?? 0) + 8)
    : Math.max(least.width, (boxes[0]?.width ?? 0) + 8);
  return boxes.map((box, index) =>
    stacked ? { ...box, y: index * step, height: step - 8 } : { ...box, x: index * step, width: step - 8 },
  );
}

interface GaugeProps {
  value: FieldValue;
  box: { width: number; height: number };
  longestTitle: string;
  longestText: string;
  panelProps: PanelProps;
}

function Gauge({ value, box, longestTitle, longestText, panelProps }: GaugeProps) {
  const { panel, theme } = panelProps;
  const markers = panel.options?.showThresholdMarkers !== false;
  const labels = panel.options?.showThresholdLabels === true;
  const titlePx = longestTitle ? (numberOption(panel.options?.text, "titleSize") ?? titleSize(longestTitle, box)) : 0;
  const dial = { width: box.width, height: box.height - (titlePx ? titlePx * 1.3 + 2 : 0) };
  const circle = panel.options?.shape === "circle";
  const span = circle ? CIRCLE : SPAN;
  // A closed circle is as high as it is wide, an open one needs half a radius less.
  const high = circle ? 2 : 1.5;
  const outer = Math.max(8, Math.min(dial.width / 2 - (labels ? 30 : 4), (dial.height - 6) / high - (labels ? 10 : 0)));
  const factor = Math.min(1, Math.max(0.1, numberOption(panel.options, "barWidthFactor") ?? 0.5));
  const thickness = Math.max(4, outer * (0.48 * factor));
  const center = circle
    ? { x: dial.width / 2, y: dial.height / 2 }
    : { x: dial.width / 2, y: Math.min(dial.height - outer * 0.5 - 2, (dial.height + outer * 0.5) / 2 + 2) };
  const { min, max } = gaugeRange(value);
  const share = Math.min(1, Math.max(0, (value.display.numeric - min) / (max - min) || 0));
  const neutral = numberOption(panel.options, "neutral");
  const from = neutral === undefined ? 0 : Math.min(1, Math.max(0, (neutral - min) / (max - min) || 0));
  const ring = markers ? outer * 0.05 + 1 : 0;
  const arc = { center, inner: outer - thickness - ring - 2, outer: outer - ring - 2, span };
  const valuePx =
    numberOption(panel.options?.text, "valueSize") ??
    fitText(longestText, { width: arc.inner * 1.72, height: arc.inner * 0.72, max: 72, min: 9 });
  const [link] = fieldLinks(value, panelProps.interpolate);
  const drawing = (
    <svg
      width={dial.width}
      height={Math.max(0, dial.height)}
      role="img"
      aria-label={`${value.title}: ${formattedText(value.display)}`}
    >
      <path d={arcPath({ ...arc, from: 0, to: 1 })} className={styles.track} />
      {share !== from && (
        <path
          d={arcPath({ ...arc, from: Math.min(from, share), to: Math.max(from, share) })}
          fill={value.display.color}
        />
      )}
      {markers && (
        <Markers
          value={value}
          span={span}
          center={center}
          outer={outer}
          ring={ring}
          range={{ min, max }}
          theme={theme}
        />
      )}
      {labels && <Labels value={value} span={span} center={center} radius={outer + 4} range={{ min, max }} />}
      <text
        x={center.x}
        y={center.y + valuePx * 0.12}
        className={styles.value}
        fontSize={valuePx}
        fill={value.display.color}
      >
        {formattedText(value.display)}
      </text>
    </svg>
  );
  return (
    <>
      {link ? (
        <a href={link.href} target={link.target} rel="noreferrer" title={link.title} className={styles.link}>
          {drawing}
        </a>
      ) : (
        drawing
      )}
      {titlePx > 0 && (
        <div className={styles.title} style={{ fontSize: titlePx }} title={value.title}>
          {value.title}
        </div>
      )}
    </>
  );
}

function titleSize(title: string, box: { width: number; height: number }): number {
  return fitText(title, { width: box.width - 8, height: box.height * 0.14, max: 18, min: 10 });
}

interface Arc {
  center: { x: number; y: number };
  inner: number;
  outer: number;
  /** Degrees. */
  span: number;
  /** 0 to 1 along the span. */
  from: number;
  to: number;
}

function pointAt(center: Arc["center"], radius: number, share: number, span: number): [number, number] {
  const start = span >= CIRCLE ? 0 : -span / 2;
  const angle = ((start + span * share - 90) * Math.PI) / 180;
  return [center.x + radius * Math.cos(angle), center.y + radius * Math.sin(angle)];
}

/** A ring segment. */
export function arcPath({ center, inner, outer, from, to, span }: Arc): string {
  const large = (to - from) * span > 180 ? 1 : 0;
  const at = (radius: number, share: number) =>
    pointAt(center, radius, share, span)
      .map((part) => part.toFixed(2))
      .join(" ");
  return [
    `M ${at(outer, from)}`,
    `A ${outer} ${outer} 0 ${large} 1 ${at(outer, to)}`,
    `L ${at(inner, to)}`,
    `A ${inner} ${inner} 0 ${large} 0 ${at(inner, from)} Z`,
  ].join(" ");
}

interface MarkersProps {
  value: FieldValue;
  center: Arc["center"];
  outer: number;
  ring: number;
  span: number;
  range: { min: number; max: number };
  theme: PanelProps["theme"];
}

/** A thin ring with the colours that the value would take. */
function Markers({ value, center, outer, ring, span, range, theme }: MarkersProps) {
  const { min, max } = range;
  const mode = value.field.config.color?.mode ?? "thresholds";
  const shareOf = (bound: number) => Math.min(1, Math.max(0, (bound - min) / (max - min)));
  const segment = (from: number, to: number, color: string) =>
    to > from && <path key={from} d={arcPath({ center, inner: outer - ring, outer, span, from, to })} fill={color} />;
  if (isContinuous(mode)) {
    const ramp = schemeRamp(mode, theme);
    return Array.from({ length: SCHEME_SEGMENTS }, (_, index) =>
      segment(
        index / SCHEME_SEGMENTS,
        Math.min(1, (index + 1.08) / SCHEME_SEGMENTS),
        ramp((index + 0.5) / SCHEME_SEGMENTS),
      ),
    );
  }
  const steps = absoluteSteps(value.field, min, max);
  return steps.map((step, index) =>
    segment(shareOf(step.value), shareOf(steps[index + 1]?.value ?? max), colorByName(step.color, theme)),
  );
}

function Labels({
  value,
  center,
  radius,
  span,
  range,
}: {
  value: FieldValue;
  center: Arc["center"];
  radius: number;
  span: number;
  range: { min: number; max: number };
}) {
  const steps = absoluteSteps(value.field, range.min, range.max).map((step) => step.value);
  const bounds = [range.min, ...steps.filter((step) => step > range.min && step < range.max), range.max];
  return bounds.map((bound) => {
    const share = (bound - range.min) / (range.max - range.min);
    const [x, y] = pointAt(center, radius, share, span);
    const text = value.field.display ? formattedText(value.field.display(bound, 1)) : String(bound);
    const shift = share < 0.4 ? -textWidth(text, 10) / 2 : share > 0.6 ? textWidth(text, 10) / 2 : 0;
    return (
      <text key={bound} x={x + shift} y={y} className={styles.label}>
        {text}
      </text>
    );
  });
}
