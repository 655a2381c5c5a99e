/** Table: one frame at a time, chosen below where there are several. */

import { useState } from "react";
import type { DataFrame } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { numberOption } from "../options";
import type { PanelModel, PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { footerOptions, type SortKey } from "./rows";
import { Table } from "./Table";
import styles from "./table.module.css";

const ROW_HEIGHTS: Record<string, number> = { sm: 30, md: 38, lg: 46 };
const CHOOSER_PX = 34;

export function TablePanel(props: PanelProps) {
  const { panel, width, height } = props;
  const { frames } = usePanelFrames(props);
  return <FramesTable {...props} panel={panel} frames={frames} width={width} height={height} />;
}

type FramesTableProps = Pick<PanelProps, "panel" | "width" | "height" | "theme" | "interpolate"> & {
  frames: readonly DataFrame[];
};

/** Also what panels of unknown types show. */
export function FramesTable({ panel, frames, width, height, theme, interpolate }: FramesTableProps) {
  const initial = panel.options?.frameIndex;
  const [chosen, setChosen] = useState(typeof initial === "number" ? initial : 0);
  const index = Math.min(chosen, frames.length - 1);
  const frame = frames[index];
  if (frame === undefined) {
    return null;
  }
  const several = frames.length > 1;
  return (
    <div style={{ width, height }}>
      <Table
        key={index}
        frame={frame}
        frames={frames}
        width={width}
        height={height - (several ? CHOOSER_PX : 0)}
        rowHeight={ROW_HEIGHTS[String(panel.options?.cellHeight)] ?? 30}
        maxRowHeight={numberOption(panel.options, "maxRowHeight")}
        pageSize={pageSize(panel)}
        frozenColumns={frozenColumns(panel)}
        showHeader={panel.options?.showHeader !== false}
        initialSort={initialSort(panel)}
        footer={footerOptions(panel.options?.footer)}
        theme={theme}
        interpolate={interpolate}
        label={panel.title || "Table"}
      />
      {several && (
        <select
          className={styles.chooser}
          value={index}
          aria-label="Series shown in the table"
          onChange={(event) => setChosen(Number(event.currentTarget.value))}
        >
          {frames.map((option, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: frames have no other identity than their place.
            <option key={at} value={at}>
              {frameTitle(option, frames, at)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function frameTitle(frame: DataFrame, frames: readonly DataFrame[], index: number): string {
  if (frame.name) {
    return frame.name;
  }
  const values = frame.fields.filter((field) => field.type === "number");
  const [only] = values;
  return only && values.length === 1 && only.labels
    ? fieldDisplayName(only, frame, frames)
    : `Query ${frame.refId ?? index + 1}`;
}

type Json = Record<string, unknown>;
const record = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});

/** Pages where the file asks for them, on the footer in older ones; 0 means as many rows as fit. */
function pageSize({ options }: PanelModel): number | undefined {
  const wanted = options?.enablePagination === true || record(options?.footer).enablePagination === true;
  const size = numberOption(options, "pageSize");
  return wanted ? (size !== undefined && size > 0 ? Math.ceil(size) : 0) : undefined;
}

function frozenColumns({ options }: PanelModel): number {
  return Math.min(20, Math.max(0, numberOption(options?.frozenColumns, "left") ?? 0));
}

function initialSort(panel: PanelModel): SortKey[] {
  const given = panel.options?.sortBy;
  const list = Array.isArray(given) ? (given as { displayName?: unknown; desc?: unknown }[]) : [];
  return list.flatMap(({ displayName, desc }) =>
    typeof displayName === "string" ? [{ name: displayName, desc: desc === true }] : [],
  );
}
