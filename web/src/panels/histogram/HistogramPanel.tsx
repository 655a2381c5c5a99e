/** Histogram: how many values fall into each bucket, over the whole time. */

import { useMemo } from "react";
import { numericXAxis, valueAxisOf } from "../../charts/axes";
import { type GraphFieldOptions, graphFieldOptions } from "../../charts/fieldOptions";
import { type Chart, NO_DATA, roomyRange } from "../../charts/painted";
import { stackSeries } from "../../charts/stack";
import { identity } from "../../charts/timeSeries";
import type { TooltipContent } from "../../charts/tooltip";
import type { Plot } from "../../charts/UPlotChart";
import { withAlpha } from "../../lib/colors";
import type { DataFrame, Field } from "../../lib/dataFrame";
import { displayProcessor, fieldDisplayName, seriesColor } from "../../lib/fieldConfig";
import { formattedText } from "../../lib/format";
import { histogramOf } from "../../transformations/histogram";
import { type LegendItem, legendCalcs } from "../legend/items";
import { LegendChart } from "../legend/LegendChart";
import { useHiding } from "../legend/LegendLayout";
import { legendOptions, numberOption, tooltipOptions } from "../options";
import { PanelNote } from "../PanelNote";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { bucketTable } from "./buckets";

interface Series {
  id: string;
  label: string;
  color: string;
  field: Field;
  options: GraphFieldOptions;
  visible: boolean;
  from: readonly (number | null | undefined)[];
  to: readonly (number | null | undefined)[];
}

interface Model {
  low: readonly number[];
  high: readonly number[];
  xField: Field;
  series: Series[];
}

export default function HistogramPanel(props: PanelProps) {
  const { panel, theme, timeZone, width, height } = props;
  const { frames } = usePanelFrames(props);
  const table = useMemo(() => countedTable(panel.options ?? {}, frames), [panel, frames]);
  const names = useMemo(
    () => (table?.fields ?? []).map((field) => fieldDisplayName(field, table, frames)),
    [table, frames],
  );
  const { isHidden, toggle } = useHiding(names);
  const model = useMemo(
    () => table && histogramModel(table, frames, { theme, timeZone, isHidden }),
    [table, frames, theme, timeZone, isHidden],
  );
  const plot = useMemo(() => model && histogramPlot(model), [model]);
  if (!model || !plot) {
    return <PanelNote width={width} height={height} text="No numbers to count." />;
  }
  return (
    <LegendChart
      props={props}
      plot={plot}
      items={legendItems(model, legendOptions(panel).calcs)}
      onToggle={toggle}
      tooltip={(u) => content(u, model, props)}
      says={`histogram of ${model.low.length} buckets`}
    />
  );
}

/** Buckets that are counted already, or counted here. */
function countedTable(options: Record<string, unknown>, frames: readonly DataFrame[]): DataFrame | undefined {
  return (
    bucketTable(frames) ??
    histogramOf(frames, {
      bucketSize: positive(numberOption(options, "bucketSize")),
      bucketCount: positive(numberOption(options, "bucketCount")),
      bucketOffset: numberOption(options, "bucketOffset") ?? 0,
      combine: options.combine === true,
    })
  );
}

const positive = (value: number | undefined) => (value !== undefined && value > 0 ? value : undefined);

function histogramModel(
  table: DataFrame,
  frames: readonly DataFrame[],
  context: { theme: PanelProps["theme"]; timeZone: string; isHidden: (id: string) => boolean },
): Model | undefined {
  const [xMin, xMax, ...counts] = table.fields;
  if (!xMin || !xMax || counts.length === 0 || table.length === 0) {
    return undefined;
  }
  const drafts = counts.map((field) => {
    const label = fieldDisplayName(field, table, frames);
    const options = graphFieldOptions(field);
    const color = seriesColor(field, context.theme);
    const display = displayProcessor(field, context);
    return {
      id: label,
      label,
      color,
      field: { ...field, display },
      options,
      visible: !context.isHidden(label) && !options.hideFrom.viz,
    };
  });
  const stacked = stackSeries(
    drafts.map(({ field, options, visible }) => ({
      values: visible ? (field.values as number[]) : field.values.map(() => null),
      mode: options.stacking.mode,
      group: options.stacking.group,
    })),
  );
  return {
    low: xMin.values as number[],
    high: xMax.values as number[],
    xField: { ...xMin, display: displayProcessor(xMin, context) },
    series: drafts.map((draft, index) => ({
      ...draft,
      from: stacked[index]?.base ?? draft.field.values.map(() => 0),
      to: stacked[index]?.values ?? [],
    })),
  };
}

function legendItems({ series }: Model, calcs: readonly string[]): LegendItem[] {
  return series
    .filter(({ options }) => !options.hideFrom.legend)
    .map(({ id, label, color, visible, field }) => ({ id, label, color, visible, calcs: legendCalcs(field, calcs) }));
}

const finite = (values: readonly number[]) => values.filter(Number.isFinite);

function histogramPlot(model: Model): Plot {
  const [from, to] = [Math.min(...finite(model.low)), Math.max(...finite(model.high))];
  const first = model.series.find(({ visible }) => visible) ?? (model.series[0] as Series);
  const most = model.series.reduce(
    (max, { to: tops, visible }) => tops.reduce<number>((top, value) => Math.max(top, (visible && value) || 0), max),
    0,
  );
  const spec = {
    key: "y",
    field: first.field,
    options: first.options,
    percent: first.options.stacking.mode === "percent",
    includesZero: true,
  };
  return {
    data: NO_DATA,
    signature: `${identity(model)}`,
    options: {
      padding: [10, 18, 0, 4],
      legend: { show: false },
      scales: {
        x: { time: false, range: to > from ? [from, to] : [from - 0.5, from + 0.5] },
        y: { range: spec.percent ? [0, 1] : roomyRange(0, most || 1, 0.05, true) },
      },
      axes: [numericXAxis(model.xField), valueAxisOf(spec, first.options.axisPlacement === "right" ? 1 : 3)],
      series: [{}, { scale: "y", show: false }],
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
      hooks: { draw: [(u) => paint(u, model)] },
    },
  };
}

/** Side by side series would hide the shape: they lie over one another, each a little transparent. */
function paint(u: Chart, { low, high, series }: Model): void {
  const { ctx } = u;
  ctx.save();
  for (const { visible, color, from, to, field, options } of series) {
    const opacity = ((field.config.custom?.fillOpacity as number | undefined) ?? 80) / 100;
    const line = options.lineWidth * devicePixelRatio;
    for (let row = 0; visible && row < low.length; row++) {
      const [bottom, top] = [from[row] ?? 0, to[row] ?? 0];
      if (top <= bottom) {
        continue;
      }
      const left = Math.round(u.valToPos(clamp(u, low[row] ?? 0), "x", true));
      const right = Math.round(u.valToPos(clamp(u, high[row] ?? 0), "x", true));
      const [a, b] = [u.valToPos(top, "y", true), u.valToPos(bottom, "y", true)];
      const gap = right - left > 4 ? devicePixelRatio : 0;
      ctx.fillStyle = withAlpha(color, opacity * (series.length > 1 && options.stacking.mode === "none" ? 0.75 : 1));
      ctx.fillRect(left, a, Math.max(1, right - left - gap), b - a);
      if (line > 0 && right - left > 2 * line) {
        ctx.strokeStyle = color;
        ctx.lineWidth = line;
        ctx.strokeRect(left + line / 2, a + line / 2, right - left - gap - line, b - a - line / 2);
      }
    }
  }
  ctx.restore();
}

function clamp(u: Chart, value: number): number {
  return Math.min(u.scales.x?.max ?? value, Math.max(u.scales.x?.min ?? value, value));
}

function content(u: Chart, { low, high, series, xField }: Model, { panel }: PanelProps): TooltipContent | null {
  const { left = -1, top = -1 } = u.cursor;
  const tooltip = tooltipOptions(panel);
  const value = u.posToVal(left, "x");
  const row = left < 0 ? -1 : low.findIndex((from, index) => value >= from && value < (high[index] ?? from));
  if (row < 0 || tooltip.mode === "none") {
    return null;
  }
  const text = (bound: number | undefined) =>
    bound === Number.POSITIVE_INFINITY ? "+Inf" : formattedText(xField.display?.(bound) ?? { text: `${bound}` });
  const shown = series.filter(({ visible, field }) => visible && Number(field.values[row]) > 0);
  const height = u.posToVal(top, "y");
  const near = shown.find(({ to }) => (to[row] ?? 0) >= height) ?? shown[0];
  const rows = tooltip.mode === "multi" ? shown : near ? [near] : [];
  return rows.length === 0
    ? null
    : {
        title: `${text(low[row])} – ${text(high[row])}`,
        rows: rows.slice(0, 40).map((entry) => ({
          label: entry.label,
          color: entry.color,
          text: formattedText(
            entry.field.display?.(entry.field.values[row]) ?? { text: String(entry.field.values[row]) },
          ),
          near: entry === near,
        })),
      };
}
