/** Heatmap: how often values fell into each bucket, over time. */

import { useMemo, useRef, useState } from "react";
import { type DrawnExemplar, exemplarContent, exemplarNear, MAX_EXEMPLARS } from "../../charts/exemplars";
import type { Chart } from "../../charts/painted";
import type { TooltipContent } from "../../charts/tooltip";
import { UPlotChart } from "../../charts/UPlotChart";
import { formatDate } from "../../lib/format";
import { safeHref } from "../links";
import { PanelNote } from "../PanelNote";
import { useChartEvents } from "../timeseries/overlays";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { ColorScale, SCALE_PX } from "./ColorScale";
import { cellAt, type HeatmapCells, heatmapModel, placeOnAxis } from "./model";
import { type HeatmapOptions, heatmapOptions } from "./options";
import { axisText, cellText, type HeatmapPlot, heatmapPlot, scaleText } from "./plot";

export default function HeatmapPanel(props: PanelProps) {
  const { panel, range, theme, timeZone, width, height } = props;
  const { frames } = usePanelFrames(props);
  const options = useMemo(() => heatmapOptions(panel), [panel]);
  const model = useMemo(() => heatmapModel(frames, options), [frames, options]);
  const exemplars = useRef<DrawnExemplar[]>([]);
  const plot = useMemo(
    () => model && heatmapPlot({ model, options, theme, timeZone, exemplars: () => exemplars.current }),
    [model, options, theme, timeZone],
  );
  exemplars.current = useMemo(() => placed(props.exemplars, model, options), [props.exemplars, model, options]);
  const events = useChartEvents(props);
  const [hovered, setHovered] = useState<number>();
  if (!model || !plot) {
    return <PanelNote width={width} height={height} text="No data that a heatmap could show." />;
  }
  const showsScale = options.showLegend && height > 120;
  const tooltip = (u: Chart): TooltipContent | null => {
    const { left = -1, top = -1 } = u.cursor;
    const exemplar = exemplarNear(u, exemplars.current);
    if (exemplar) {
      return exemplarContent(exemplar, timeZone);
    }
    const cell = left < 0 ? -1 : cellAt(model, u.posToVal(left, "x"), u.posToVal(top, "y"));
    setHovered(cell < 0 ? undefined : model.count[cell]);
    return cell < 0 || options.tooltip.mode === "none" ? null : cellContent(model, cell, { options, plot, timeZone });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only takes the mark off the scale.
    <div style={{ width, height }} onMouseLeave={() => setHovered(undefined)}>
      <UPlotChart
        plot={plot}
        width={width}
        height={height - (showsScale ? SCALE_PX : 0)}
        range={range}
        tooltip={tooltip}
        syncKey={props.graphTooltip > 0 ? props.syncKey : undefined}
        ariaLabel={`${panel.title || "Heatmap"}: ${model.count.length} cells over time`}
        events={events}
        onZoom={props.onZoom}
        onZoomOut={props.onZoomOut}
      />
      {showsScale && (
        <ColorScale
          colors={plot.palette.colors}
          indexOf={plot.palette.indexOf}
          range={model.valueRange}
          text={(value) => scaleText(value, model.valueRange, options)}
          hovered={hovered}
          width={width}
        />
      )}
    </div>
  );
}

interface Context {
  options: HeatmapOptions;
  plot: HeatmapPlot;
  timeZone: string;
}

function cellContent(model: HeatmapCells, cell: number, { options, plot, timeZone }: Context): TooltipContent {
  const at = (ms: number) => formatDate(ms, "YYYY-MM-DD HH:mm:ss", timeZone);
  const column = model.columns.find(({ from, to }) => cell >= from && cell < to);
  const colorOf = (index: number) => plot.palette.colors[plot.palette.indexOf(model.count[index] ?? 0)] ?? "";
  const cells =
    options.tooltip.mode === "multi" && column
      ? Array.from({ length: column.to - column.from }, (_, index) => column.to - 1 - index)
      : [cell];
  return {
    title: `${at(model.x0[cell] as number)} – ${at(model.x1[cell] as number).slice(11)}`,
    rows: cells.slice(0, 60).map((index) => ({
      label: `${options.valueName} ${bucketText(model, index, options)}`,
      color: colorOf(index),
      text: cellText(model.count[index] as number, options),
      near: index === cell,
    })),
    footer: options.tooltip.yHistogram && column ? columnChart(model, column, cell, colorOf) : undefined,
  };
}

function bucketText(model: HeatmapCells, cell: number, options: HeatmapOptions): string {
  const row = model.rows?.[model.y0[cell] as number];
  if (row && row.low === undefined && row.high === undefined) {
    return row.name;
  }
  const [low, high] = row ? [row.low, row.high] : [model.y0[cell], model.y1[cell]];
  const text = (bound: number | undefined) => (bound === undefined ? "" : axisText(bound, options));
  return low === undefined ? `≤ ${text(high)}` : high === undefined ? `> ${text(low)}` : `${text(low)} – ${text(high)}`;
}

const CHART = { width: 200, height: 56 };

/** The counts of one time, bucket by bucket. */
function columnChart(
  model: HeatmapCells,
  { from, to }: { from: number; to: number },
  cell: number,
  colorOf: (index: number) => string,
): HTMLElement {
  const canvas = document.createElement("canvas");
  const ratio = devicePixelRatio || 1;
  canvas.width = CHART.width * ratio;
  canvas.height = CHART.height * ratio;
  canvas.style.cssText = `display:block;width:${CHART.width}px;height:${CHART.height}px;margin-top:6px`;
  const context = canvas.getContext("2d");
  const most = model.count.slice(from, to).reduce((max, count) => Math.max(max, count), 0) || 1;
  const rows = model.rows?.length ?? to - from;
  const step = CHART.width / Math.max(1, rows);
  context?.scale(ratio, ratio);
  for (let index = from; context && index < to; index++) {
    const place = model.rows ? (model.y0[index] as number) : index - from;
    const height = Math.max(1, ((model.count[index] as number) / most) * (CHART.height - 2));
    context.globalAlpha = index === cell ? 1 : 0.55;
    context.fillStyle = colorOf(index);
    context.fillRect(place * step, CHART.height - height, Math.max(1, step - 1), height);
  }
  return canvas;
}

function placed(
  exemplars: PanelProps["exemplars"],
  model: HeatmapCells | undefined,
  options: HeatmapOptions,
): DrawnExemplar[] {
  if (!exemplars?.length || !model) {
    return [];
  }
  return exemplars.slice(-MAX_EXEMPLARS).flatMap(({ timeMs, value, labels, seriesLabels, href }) => {
    const place = placeOnAxis(model, value);
    const safe = href === undefined ? undefined : safeHref(href);
    return place === undefined
      ? []
      : [
          {
            timeMs,
            value: place,
            scaleKey: "y",
            text: axisText(value, options),
            labels: [...Object.entries(labels), ...Object.entries(seriesLabels)],
            link: safe ? { href: safe, title: "Open the trace", target: undefined } : undefined,
          },
        ];
  });
}
