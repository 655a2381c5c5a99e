/** Time series: lines, bars, points over time, with legend, tooltip, shared crosshair and zoom. */

import { useMemo, useRef } from "react";
import { TimeSeriesChart } from "../../charts/TimeSeriesChart";
import { type ChartSeries, timeSeriesChart } from "../../charts/timeSeries";
import type { DataFrame } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { type LegendItem, legendCalcs } from "../legend/items";
import { LegendLayout, useHiding } from "../legend/LegendLayout";
import { legendOptions, tooltipOptions } from "../options";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";

export function TimeSeriesPanel(props: PanelProps) {
  const { panel, range, theme, timeZone, width, height } = props;
  const { frames } = usePanelFrames(props);
  const ids = useMemo(() => seriesIds(frames), [frames]);
  const { isHidden, toggle } = useHiding(ids);
  const current = useRef(range);
  current.current = range;
  const chart = useMemo(
    () =>
      timeSeriesChart({
        frames,
        theme,
        timeZone,
        isHidden,
        range: () => [current.current.fromMs, current.current.toMs],
      }),
    [frames, theme, timeZone, isHidden],
  );
  const legend = useMemo(() => legendOptions(panel), [panel]);
  const items = useMemo(() => legendItems(chart.series, legend.calcs), [chart, legend]);
  const tooltip = tooltipOptions(panel);
  return (
    <LegendLayout width={width} height={height} items={items} options={legend} onToggle={toggle}>
      {(size) => (
        <TimeSeriesChart
          chart={chart}
          {...size}
          range={range}
          tooltip={{ ...tooltip, timeZone }}
          syncKey={props.graphTooltip > 0 ? props.syncKey : undefined}
          syncTooltip={props.graphTooltip === 2}
          ariaLabel={`${panel.title || "Time series"}: ${chart.series.length} series over time`}
          onZoom={props.onZoom}
          onZoomOut={props.onZoomOut}
        />
      )}
    </LegendLayout>
  );
}

function seriesIds(frames: readonly DataFrame[]): string[] {
  return frames.flatMap((frame) =>
    frame.fields
      .filter((field) => field.type === "number")
      .map((field) => `${frame.refId ?? ""}/${fieldDisplayName(field, frame, frames)}`),
  );
}

/** Series that the panel hides from the legend, or from view for good, are not listed. */
export function legendItems(series: readonly ChartSeries[], calcs: readonly string[]): LegendItem[] {
  return series
    .filter(({ options }) => !options.hideFrom.legend && !options.hideFrom.viz)
    .map((entry, index) => ({
      id: entry.id || String(index),
      label: entry.label,
      color: entry.color,
      visible: entry.visible,
      calcs: legendCalcs({ ...entry.field, values: entry.values }, calcs),
    }));
}
