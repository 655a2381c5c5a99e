/** Bar chart: bars over categories, side by side or stacked, upright or lying. */

import { useMemo, useRef } from "react";
import type { Chart } from "../../charts/painted";
import type { TooltipContent } from "../../charts/tooltip";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { formattedText } from "../../lib/format";
import { type LegendItem, legendCalcs } from "../legend/items";
import { LegendChart } from "../legend/LegendChart";
import { useHiding } from "../legend/LegendLayout";
import { fieldLinks } from "../links";
import { legendOptions, tooltipOptions } from "../options";
import { PanelNote } from "../PanelNote";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { type BarModel, type BarSeries, barModel } from "./model";
import { type BarChartOptions, barChartOptions } from "./options";
import { barColor, barPlot, slotOf } from "./plot";

export default function BarChartPanel(props: PanelProps) {
  const { panel, theme, width, height } = props;
  const { frames } = usePanelFrames(props);
  const options = useMemo(() => barChartOptions(panel), [panel]);
  const names = useMemo(
    () =>
      frames.flatMap((frame) =>
        frame.fields.map((field) => `${frame.refId ?? ""}/${fieldDisplayName(field, frame, frames)}`),
      ),
    [frames],
  );
  const { isHidden, toggle } = useHiding(names);
  const { model, problem } = useMemo(
    () => barModel(frames, options, { theme, isHidden }),
    [frames, options, theme, isHidden],
  );
  const hovered = useRef<number>(undefined);
  // Many names can be read only beside lying bars.
  const horizontal = options.orientation === "horizontal" || (options.orientation === "auto" && width < height);
  const plot = useMemo(
    () => model && barPlot({ model, options, theme, horizontal, hovered: () => hovered.current }),
    [model, options, theme, horizontal],
  );
  if (!model || !plot) {
    return <PanelNote width={width} height={height} text={problem ?? ""} />;
  }
  return (
    <LegendChart
      props={props}
      plot={plot}
      items={legendItems(model, legendOptions(panel).calcs)}
      onToggle={toggle}
      tooltip={(u, pinned) => {
        const hit = hitOf(u, model, options, horizontal);
        if (options.fullHighlight && hit.row !== hovered.current) {
          hovered.current = hit.row;
          u.redraw(false);
        }
        return content(hit, model, props, pinned);
      }}
      says={`bars of ${model.series.length} series over ${model.categories.length} categories`}
    />
  );
}

function legendItems({ series, frame }: BarModel, calcs: readonly string[]): LegendItem[] {
  return series
    .filter(({ options }) => !options.hideFrom.legend && !options.hideFrom.viz)
    .map(({ id, label, color, visible, field }) => ({
      id,
      label,
      color,
      visible,
      calcs: legendCalcs({ ...field, values: field.values.slice(0, frame.length) }, calcs),
    }));
}

interface Hit {
  row: number | undefined;
  series: BarSeries | undefined;
}

/** The category under the cursor, and the series whose bar or place it is. */
function hitOf(u: Chart, model: BarModel, options: BarChartOptions, horizontal: boolean): Hit {
  const { left = -1, top = -1 } = u.cursor;
  const [place, whole] = horizontal ? [top, u.over.clientHeight] : [left, u.over.clientWidth];
  if (left < 0 || top < 0 || model.categories.length === 0) {
    return { row: undefined, series: undefined };
  }
  const size = whole / model.categories.length;
  const row = Math.min(model.categories.length - 1, Math.floor(place / size));
  const visible = model.series.filter((series) => series.visible);
  const value = u.posToVal(horizontal ? left : top, "y");
  if (options.stacking !== "none") {
    const hit = visible.find(({ from, to }) => {
      const [a, b] = [from[row] ?? 0, to[row] ?? 0];
      return value >= Math.min(a, b) && value <= Math.max(a, b);
    });
    return { row, series: hit ?? visible[visible.length - 1] };
  }
  const near = visible.map((series, index) => {
    const slot = slotOf({ start: row * size, size }, { index, count: visible.length }, options);
    return { series, away: Math.abs(place - slot.start - slot.size / 2) };
  });
  return { row, series: near.sort((a, b) => a.away - b.away)[0]?.series };
}

function content(
  { row, series: hit }: Hit,
  model: BarModel,
  props: PanelProps,
  pinned: boolean,
): TooltipContent | null {
  const tooltip = tooltipOptions(props.panel);
  if (row === undefined || tooltip.mode === "none") {
    return null;
  }
  const shown = tooltip.mode === "multi" ? model.series.filter((series) => series.visible) : hit ? [hit] : [];
  const rows = shown
    .filter(({ options, values }) => !options.hideFrom.tooltip && typeof values[row] === "number")
    .filter(({ values }) => !(tooltip.hideZeros && values[row] === 0));
  if (tooltip.sort !== "none") {
    const sign = tooltip.sort === "asc" ? 1 : -1;
    rows.sort((a, b) => sign * (Number(a.values[row]) - Number(b.values[row])));
  }
  const limit = pinned ? 400 : 40;
  return rows.length === 0
    ? null
    : {
        title: model.categories[row] ?? "",
        rows: rows.slice(0, limit).map((series) => ({
          label: series.label,
          color: model.colors[row] ?? barColor(series, row),
          text: series.field.display
            ? formattedText(series.field.display(series.values[row]))
            : String(series.values[row]),
          near: series === hit,
        })),
        more: Math.max(0, rows.length - limit),
        links: hit ? fieldLinks({ field: hit.field, frame: model.frame, row }, props.interpolate) : undefined,
        maxWidth: tooltip.maxWidth,
        maxHeight: tooltip.maxHeight,
      };
}
