/** Series as lines, bars or points with legend and tooltip, over time or over a column of numbers. */

import { useMemo, useRef } from "react";
import { TimeSeriesChart } from "../../charts/TimeSeriesChart";
import { type ChartSeries, timeSeriesChart } from "../../charts/timeSeries";
import type { DataFrame, Field } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { formattedText } from "../../lib/format";
import { type LegendItem, legendCalcs } from "../legend/items";
import { LegendLayout, useHiding } from "../legend/LegendLayout";
import { fieldLinks } from "../links";
import { legendOptions, timeZonesOption, tooltipOptions } from "../options";
import type { PanelProps } from "../types";
import { drawnExemplars, useChartEvents } from "./overlays";

export interface SeriesViewProps {
  panelProps: PanelProps;
  frames: readonly DataFrame[];
  /** The x axis where it is no time, and what it shows. */
  xField?: Field;
  xRange?: [number, number];
}

export function SeriesView({ panelProps, frames, xField, xRange }: SeriesViewProps) {
  const { panel, range, theme, width, height } = panelProps;
  const ids = useMemo(() => seriesIds(frames), [frames]);
  const { isHidden, toggle } = useHiding(ids);
  const x = useRef<[number, number]>([0, 1]);
  x.current = xRange ?? [range.fromMs, range.toMs];
  const zones = useMemo(() => timeZonesOption(panel, panelProps.timeZone), [panel, panelProps.timeZone]);
  const exemplars = useRef<ReturnType<typeof drawnExemplars>>([]);
  const chart = useMemo(
    () =>
      timeSeriesChart({
        frames,
        theme,
        timeZone: zones[0] ?? "",
        moreTimeZones: zones.slice(1),
        isHidden,
        range: () => x.current,
        xField,
        exemplars: () => exemplars.current,
      }),
    [frames, theme, zones, isHidden, xField],
  );
  const drawn = useMemo(() => drawnExemplars(panelProps.exemplars, chart.series), [panelProps.exemplars, chart.series]);
  exemplars.current = drawn;
  const legend = useMemo(() => legendOptions(panel), [panel]);
  const items = useMemo(() => legendItems(chart.series, legend.calcs), [chart, legend]);
  const tooltip = useMemo(() => tooltipOptions(panel), [panel]);
  const events = useChartEvents(panelProps);
  const overTime = xField === undefined;
  return (
    <LegendLayout width={width} height={height} items={items} options={legend} onToggle={toggle}>
      {(size) => (
        <TimeSeriesChart
          chart={chart}
          {...size}
          range={overTime ? range : undefined}
          tooltip={{ ...tooltip, timeZone: zones[0] ?? "" }}
          titleOf={overTime ? undefined : (value) => xTitle(xField, value)}
          linksOf={(series, place) => seriesLinks(series, place, chart.data[0][place], panelProps)}
          syncKey={overTime && panelProps.graphTooltip > 0 ? panelProps.syncKey : undefined}
          syncTooltip={overTime && panelProps.graphTooltip === 2}
          ariaLabel={`${panel.title || "Time series"}: ${chart.series.length} series over ${overTime ? "time" : xField.name || "x"}`}
          events={overTime ? events : undefined}
          exemplars={drawn}
          onZoom={overTime ? panelProps.onZoom : undefined}
          onZoomOut={panelProps.onZoomOut}
        />
      )}
    </LegendLayout>
  );
}

const xTitle = (field: Field, value: number) =>
  `${field.state?.displayName ?? field.name}: ${field.display ? formattedText(field.display(value)) : value}`;

/** Links of the value under the cursor; its row in its own frame may be another than in the chart. */
function seriesLinks(series: ChartSeries, place: number, x: number | undefined, { interpolate }: PanelProps) {
  if (!series.field.config.links?.length) {
    return [];
  }
  const { frame, field } = series;
  const times = frame.fields.find(({ type }) => type === "time")?.values;
  const row = times?.[place] === x ? place : Math.max(0, times?.indexOf(x) ?? place);
  return fieldLinks({ field, frame, row }, interpolate);
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
