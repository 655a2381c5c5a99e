/** A time series chart in the page. */

import type uPlot from "uplot";
import { type DrawnExemplar, exemplarContent, exemplarNear } from "./exemplars";
import { seriesTooltip } from "./seriesTooltip";
import type { TimeSeriesChart as Chart, ChartSeries } from "./timeSeries";
import type { TooltipContent, TooltipLink, TooltipSettings } from "./tooltip";
import { UPlotChart, type UPlotChartProps } from "./UPlotChart";

export interface TimeSeriesChartProps extends Omit<UPlotChartProps, "plot" | "tooltip" | "many"> {
  chart: Chart;
  tooltip: TooltipSettings;
  /** Where a value of a series leads, for the pinned tooltip. */
  linksOf?: (series: ChartSeries, place: number) => TooltipLink[];
  /** What the tooltip calls a place on an x axis that is no time. */
  titleOf?: (x: number) => string;
  exemplars?: readonly DrawnExemplar[];
}

/** Above this many series a cursor shared by another chart draws its line only. */
const MAX_SHARED_POINTS = 8;

export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const { chart, tooltip: settings, linksOf, titleOf, exemplars, ...rest } = props;
  const tooltip = (u: uPlot, pinned: boolean): TooltipContent | null => {
    const exemplar = exemplarNear(u, exemplars);
    return exemplar && settings.mode !== "none"
      ? exemplarContent(exemplar, settings.timeZone)
      : seriesTooltip(u, { series: chart.series, settings, titleOf, linksOf }, pinned);
  };
  return <UPlotChart {...rest} plot={chart} tooltip={tooltip} many={chart.series.length > MAX_SHARED_POINTS} />;
}
