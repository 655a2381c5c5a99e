/** XY chart: points or lines over a column of numbers, sized and coloured by further columns. */

import { useMemo } from "react";
import { numericXAxis, timeAxis, valueAxisOf } from "../../charts/axes";
import { graphFieldOptions } from "../../charts/fieldOptions";
import { type Chart, NO_DATA, powerRange } from "../../charts/painted";
import { drawThresholds } from "../../charts/thresholds";
import { identity } from "../../charts/timeSeries";
import type { TooltipContent } from "../../charts/tooltip";
import type { Plot } from "../../charts/UPlotChart";
import { withAlpha } from "../../lib/colors";
import type { Field } from "../../lib/dataFrame";
import { formattedText } from "../../lib/format";
import type { LegendItem } from "../legend/items";
import { LegendChart } from "../legend/LegendChart";
import { useHiding } from "../legend/LegendLayout";
import { fieldLinks } from "../links";
import { tooltipOptions } from "../options";
import { PanelNote } from "../PanelNote";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { type XySeries, xySeries } from "./model";

const REACH_PX = 14;

export default function XyChartPanel(props: PanelProps) {
  const { panel, theme, timeZone, width, height } = props;
  const { frames } = usePanelFrames(props);
  const all = useMemo(() => xySeries(panel, frames, theme), [panel, frames, theme]);
  const { isHidden, toggle } = useHiding(all.map(({ id }) => id));
  const shown = useMemo(() => all.filter(({ id }) => !isHidden(id)), [all, isHidden]);
  const plot = useMemo(
    () => (all[0] ? xyPlot(shown, all[0], { theme, timeZone }) : undefined),
    [shown, all, theme, timeZone],
  );
  if (!plot) {
    return <PanelNote width={width} height={height} text="An XY chart needs two columns of numbers." />;
  }
  const items = all.map(
    ({ id, label, color }): LegendItem => ({ id, label, color, visible: !isHidden(id), calcs: [] }),
  );
  return (
    <LegendChart
      props={props}
      plot={plot}
      items={items}
      onToggle={toggle}
      tooltip={(u) => content(u, shown, props)}
      says={`${all.length} series of points`}
    />
  );
}

function extent(series: readonly XySeries[], pick: (entry: XySeries) => Field): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const entry of series) {
    const { values } = pick(entry);
    for (const row of entry.rows) {
      low = Math.min(low, values[row] as number);
      high = Math.max(high, values[row] as number);
    }
  }
  return Number.isFinite(low) ? [low, high] : [0, 1];
}

function rangeOf(series: readonly XySeries[], pick: (entry: XySeries) => Field, given: Field): [number, number] {
  const [low, high] = extent(series, pick);
  const { axisSoftMin, axisSoftMax } = graphFieldOptions(given);
  const pad = (high - low || Math.abs(high) || 1) * 0.05;
  const [from, to] = [
    given.config.min ?? Math.min(axisSoftMin ?? low - pad, low - pad),
    given.config.max ?? Math.max(axisSoftMax ?? high + pad, high + pad),
  ];
  return to > from ? [from, to] : [from, from + 1];
}

function xyPlot(
  series: readonly XySeries[],
  first: XySeries,
  look: { theme: PanelProps["theme"]; timeZone: string },
): Plot {
  const [x, y] = [first.x, first.y];
  const options = graphFieldOptions(y);
  const spec = { key: "y", field: y, options, percent: false, includesZero: false };
  const isTime = x.type === "time";
  const xLabel = graphFieldOptions(x).axisLabel;
  const axis = isTime ? timeAxis(look.timeZone) : numericXAxis(x);
  return {
    data: NO_DATA,
    signature: `${identity(series)} ${look.theme} ${look.timeZone}`,
    options: {
      ms: 1,
      padding: [10, 18, 0, 4],
      legend: { show: false },
      scales: {
        x: { time: isTime, range: rangeOf(series, (entry) => entry.x, x) },
        y: {
          range:
            options.scale.type === "log" ? logRange(series, options.scale.log) : rangeOf(series, (entry) => entry.y, y),
          distr: options.scale.type === "log" ? 3 : 1,
          log: options.scale.log,
        },
      },
      axes: [
        xLabel ? { ...axis, label: xLabel, labelSize: 16, labelGap: 0 } : axis,
        valueAxisOf(spec, options.axisPlacement === "right" ? 1 : 3),
      ],
      series: [{}, { scale: "y", show: false }],
      cursor: { x: true, y: true, points: { show: false }, drag: { x: false, y: false } },
      hooks: {
        drawClear: [(u) => drawThresholds(u, [spec], look.theme, "under")],
        draw: [
          (u) => {
            paint(u, series);
            drawThresholds(u, [spec], look.theme, "over");
          },
        ],
      },
    },
  };
}

function logRange(series: readonly XySeries[], base: 2 | 10): [number, number] {
  const positive = series.flatMap(({ rows, y }) =>
    rows.map((row) => y.values[row] as number).filter((value) => value > 0),
  );
  const low = positive.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = positive.reduce((a, b) => Math.max(a, b), 0);
  return powerRange(Number.isFinite(low) ? low : 1, high || 100, base);
}

function paint(u: Chart, series: readonly XySeries[]): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const entry of series) {
    if (entry.show !== "points") {
      paintLine(u, entry);
    }
    if (entry.show === "lines") {
      continue;
    }
    for (const row of entry.rows) {
      const [x, y] = placeOf(u, entry, row, true);
      const size = entry.sizeOf(row) * ratio;
      const color = entry.colorOf(row);
      ctx.fillStyle = withAlpha(color, entry.fillOpacity);
      ctx.beginPath();
      if (entry.shape === "square") {
        ctx.rect(x - size / 2, y - size / 2, size, size);
      } else {
        ctx.arc(x, y, size / 2, 0, 2 * Math.PI);
      }
      ctx.fill();
      if (entry.strokeWidth > 0) {
        ctx.lineWidth = entry.strokeWidth * ratio;
        ctx.strokeStyle = color;
        ctx.stroke();
      }
    }
  }
  ctx.restore();
}

function paintLine(u: Chart, entry: XySeries): void {
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  for (const row of entry.rows) {
    ctx.lineTo(...placeOf(u, entry, row, true));
  }
  ctx.strokeStyle = entry.color;
  ctx.lineWidth = entry.lineWidth * devicePixelRatio;
  ctx.setLineDash(entry.dash.map((length) => length * devicePixelRatio));
  ctx.stroke();
  ctx.restore();
}

function placeOf(u: Chart, { x, y }: XySeries, row: number, canvas: boolean): [number, number] {
  return [u.valToPos(x.values[row] as number, "x", canvas), u.valToPos(y.values[row] as number, "y", canvas)];
}

function content(u: Chart, series: readonly XySeries[], props: PanelProps): TooltipContent | null {
  const { left = -1, top = -1 } = u.cursor;
  const tooltip = tooltipOptions(props.panel);
  if (left < 0 || tooltip.mode === "none") {
    return null;
  }
  let found: { entry: XySeries; row: number } | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const entry of series) {
    for (const row of entry.rows) {
      const [x, y] = placeOf(u, entry, row, false);
      const reach = Math.max(REACH_PX, entry.sizeOf(row) / 2);
      const away = Math.hypot(x - left, y - top);
      if (away < Math.min(distance, reach)) {
        [found, distance] = [{ entry, row }, away];
      }
    }
  }
  if (!found) {
    return null;
  }
  const { entry, row } = found;
  const shown = [entry.x, entry.y, entry.sizeField, entry.colorField].filter((field) => field !== undefined);
  const names = entry.frame.fields.filter(({ type }) => type === "string");
  return {
    title: entry.label,
    rows: [...new Set([...names, ...shown])].map((field) => ({
      label: field.state?.displayName ?? field.name,
      color: field === entry.y ? entry.colorOf(row) : undefined,
      text: field.display ? formattedText(field.display(field.values[row])) : String(field.values[row]),
      near: field === entry.y,
    })),
    links: fieldLinks({ field: entry.y, frame: entry.frame, row }, props.interpolate),
    maxWidth: tooltip.maxWidth,
    maxHeight: tooltip.maxHeight,
  };
}
