/** Gauge: a value on an arc between its bounds. */

import { fitText, textWidth } from "../../charts/measure";
import { colorByName, isContinuous, schemeRamp } from "../../lib/colors";
import { absoluteSteps } from "../../lib/fieldConfig/thresholds";
import { formattedText } from "../../lib/format";
import { fieldLinks } from "../links";
import { numberOption, orientationOption, reduceOptions } from "../options";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { type FieldValue, fieldValues, gaugeRange } from "../values/fieldValues";
import { gridBoxes, longest } from "../values/grid";
import styles from "./gauge.module.css";

/** Degrees that the arc spans, open at the bottom. */
const SPAN = 240;
const START = -SPAN / 2;
const SCHEME_SEGMENTS = 36;
/** Width to height of a dial. */
const DIAL_RATIO = 1.15;

export function GaugePanel(props: PanelProps) {
  const { panel, width, height } = props;
  const { frames } = usePanelFrames(props);
  const values = fieldValues(frames, reduceOptions(panel), props);
  const boxes = gridBoxes(values.length, { width, height }, orientationOption(panel), DIAL_RATIO);
  const title =
    values.length > 1 || panel.fieldConfig?.defaults?.displayName ? longest(values.map((value) => value.title)) : "";
  const text = longest(values.map(({ display }) => formattedText(display)));
  return (
    <div className={styles.panel} style={{ width, height }}>
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
  const outer = Math.max(8, Math.min(dial.width / 2 - (labels ? 30 : 4), (dial.height - 6) / 1.5 - (labels ? 10 : 0)));
  const thickness = Math.max(6, outer * 0.24);
  const center = { x: dial.width / 2, y: Math.min(dial.height - outer * 0.5 - 2, (dial.height + outer * 0.5) / 2 + 2) };
  const { min, max } = gaugeRange(value);
  const share = Math.min(1, Math.max(0, (value.display.numeric - min) / (max - min) || 0));
  const ring = markers ? outer * 0.05 + 1 : 0;
  const arc = { center, inner: outer - thickness - ring - 2, outer: outer - ring - 2 };
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
      {share > 0 && <path d={arcPath({ ...arc, from: 0, to: share })} fill={value.display.color} />}
      {markers && (
        <Markers value={value} center={center} outer={outer} ring={ring} range={{ min, max }} theme={theme} />
      )}
      {labels && <Labels value={value} center={center} radius={outer + 4} range={{ min, max }} />}
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
  /** 0 to 1 along the span. */
  from: number;
  to: number;
}

function pointAt(center: Arc["center"], radius: number, share: number): [number, number] {
  const angle = ((START + SPAN * share - 90) * Math.PI) / 180;
  return [center.x + radius * Math.cos(angle), center.y + radius * Math.sin(angle)];
}

/** A ring segment. */
export function arcPath({ center, inner, outer, from, to }: Arc): string {
  const large = (to - from) * SPAN > 180 ? 1 : 0;
  const at = (radius: number, share: number) =>
    pointAt(center, radius, share)
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
  range: { min: number; max: number };
  theme: PanelProps["theme"];
}

/** A thin ring with the colours that the value would take. */
function Markers({ value, center, outer, ring, range, theme }: MarkersProps) {
  const { min, max } = range;
  const mode = value.field.config.color?.mode ?? "thresholds";
  const shareOf = (bound: number) => Math.min(1, Math.max(0, (bound - min) / (max - min)));
  const segment = (from: number, to: number, color: string) =>
    to > from && <path key={from} d={arcPath({ center, inner: outer - ring, outer, from, to })} fill={color} />;
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
  range,
}: {
  value: FieldValue;
  center: Arc["center"];
  radius: number;
  range: { min: number; max: number };
}) {
  const steps = absoluteSteps(value.field, range.min, range.max).map((step) => step.value);
  const bounds = [range.min, ...steps.filter((step) => step > range.min && step < range.max), range.max];
  return bounds.map((bound) => {
    const share = (bound - range.min) / (range.max - range.min);
    const [x, y] = pointAt(center, radius, share);
    const text = value.field.display ? formattedText(value.field.display(bound, 1)) : String(bound);
    const shift = share < 0.4 ? -textWidth(text, 10) / 2 : share > 0.6 ? textWidth(text, 10) / 2 : 0;
    return (
      <text key={bound} x={x + shift} y={y} className={styles.label}>
        {text}
      </text>
    );
  });
}
