/** A chart over anything but time, with its legend: what bar charts, histograms and XY charts share. */

import type { Chart } from "../../charts/painted";
import type { TooltipContent } from "../../charts/tooltip";
import { type Plot, UPlotChart } from "../../charts/UPlotChart";
import { legendOptions } from "../options";
import type { PanelProps } from "../types";
import type { LegendItem } from "./items";
import { LegendLayout } from "./LegendLayout";

export interface LegendChartProps {
  /** Of the panel: its model and its room. */
  props: Pick<PanelProps, "panel" | "width" | "height">;
  plot: Plot;
  items: readonly LegendItem[];
  onToggle: (id: string, adds: boolean) => void;
  tooltip: (u: Chart, pinned: boolean) => TooltipContent | null;
  /** What is drawn, in words; the panel's title stands before it. */
  says: string;
}

export function LegendChart({ props, plot, items, onToggle, tooltip, says }: LegendChartProps) {
  const { panel, width, height } = props;
  return (
    <LegendLayout width={width} height={height} items={items} options={legendOptions(panel)} onToggle={onToggle}>
      {(size) => (
        <UPlotChart
          plot={plot}
          {...size}
          tooltip={tooltip}
          ariaLabel={panel.title ? `${panel.title}: ${says}` : says}
        />
      )}
    </LegendLayout>
  );
}
