/** State timeline and status history: what state each series was in, over time. */

import { useMemo, useState } from "react";
import type { Chart } from "../../charts/painted";
import type { TooltipContent } from "../../charts/tooltip";
import { UPlotChart } from "../../charts/UPlotChart";
import { formatDate } from "../../lib/format";
import { span } from "../../lib/human";
import { LegendLayout } from "../legend/LegendLayout";
import { fieldLinks } from "../links";
import { legendOptions, timeZonesOption, tooltipOptions } from "../options";
import { Pager } from "../Pager";
import { PanelNote } from "../PanelNote";
import { useChartEvents } from "../timeseries/overlays";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { stateAt, type TimelineRow, timelineLegend, timelineRows } from "./model";
import { timelineOptions } from "./options";
import { timelinePlot } from "./plot";

const PAGER_PX = 32;

export default function TimelinePanel(props: PanelProps) {
  const { panel, range, theme, timeZone, width, height } = props;
  const { frames } = usePanelFrames(props);
  const options = useMemo(() => timelineOptions(panel), [panel]);
  const all = useMemo(() => timelineRows(frames, options, range.toMs), [frames, options, range.toMs]);
  const [page, setPage] = useState(0);
  const pages = options.perPage ? Math.max(1, Math.ceil(all.length / options.perPage)) : 1;
  const shownPage = Math.min(page, pages - 1);
  const rows = useMemo(
    () => (options.perPage ? all.slice(shownPage * options.perPage, (shownPage + 1) * options.perPage) : all),
    [all, options.perPage, shownPage],
  );
  const timeZones = useMemo(() => timeZonesOption(panel, timeZone), [panel, timeZone]);
  const plot = useMemo(() => timelinePlot(rows, options, { theme, timeZones }), [rows, options, theme, timeZones]);
  const items = useMemo(() => timelineLegend(all, theme), [all, theme]);
  const events = useChartEvents(props);
  if (all.length === 0) {
    return <PanelNote width={width} height={height} text="No states over time in these data." />;
  }
  const pager = pages > 1 ? PAGER_PX : 0;
  return (
    <div style={{ width, height }}>
      <LegendLayout width={width} height={height - pager} items={items} options={legendOptions(panel)}>
        {(size) => (
          <UPlotChart
            plot={plot}
            {...size}
            range={range}
            tooltip={(u, pinned) => content(u, rows, props, pinned)}
            syncKey={props.graphTooltip > 0 ? props.syncKey : undefined}
            syncTooltip={props.graphTooltip === 2}
            ariaLabel={`${panel.title || "States"}: ${all.length} series over time`}
            events={events}
            onZoom={props.onZoom}
            onZoomOut={props.onZoomOut}
          />
        )}
      </LegendLayout>
      {pager > 0 && <Pager page={shownPage} pages={pages} height={pager} onPage={setPage} />}
    </div>
  );
}

function content(u: Chart, rows: readonly TimelineRow[], props: PanelProps, pinned: boolean): TooltipContent | null {
  const { left = -1, top = -1 } = u.cursor;
  const tooltip = tooltipOptions(props.panel);
  if (left < 0 || tooltip.mode === "none") {
    return null;
  }
  const time = u.posToVal(left, "x");
  const hovered = rows[Math.min(rows.length - 1, Math.max(0, Math.floor(u.posToVal(top, "y"))))];
  const shown = tooltip.mode === "multi" ? rows : hovered ? [hovered] : [];
  const found = shown.flatMap((row) => {
    const state = stateAt(row, time);
    return state ? [{ row, state }] : [];
  });
  const own = found.find(({ row }) => row === hovered) ?? found[0];
  if (!own) {
    return null;
  }
  const at = (ms: number) => formatDate(ms, "YYYY-MM-DD HH:mm:ss", props.timeZone);
  const { fromMs, toMs, row: fieldRow } = own.state;
  const single = found.length === 1;
  const discrete = props.panel.type === "status-history";
  return {
    title: single && !discrete ? `${at(fromMs)} – ${at(toMs)}` : at(discrete ? (fromMs + toMs) / 2 : time),
    rows: found.slice(0, pinned ? 400 : 40).map(({ row, state }) => ({
      label: row.label,
      color: state.color,
      text: state.text,
      near: row === hovered,
    })),
    more: Math.max(0, found.length - (pinned ? 400 : 40)),
    note: single && !discrete ? `Lasted ${span(toMs - fromMs)}` : undefined,
    links: own.row.field.config.links?.length
      ? fieldLinks({ field: own.row.field, frame: own.row.frame, row: fieldRow }, props.interpolate)
      : undefined,
    maxWidth: tooltip.maxWidth,
    maxHeight: tooltip.maxHeight,
  };
}
