/** A look behind a panel: its data as a table, its queries as they were sent, its model. */

import { Modal } from "@mantine/core";
import { IconCopy, IconDownload } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { copyText, downloadText } from "../../lib/clipboard";
import type { CompiledPanel } from "../../lib/dashboard/compile";
import { framesJson } from "../../lib/frameJson";
import { drawnTable, frameTable, type PlainTable, toCsv } from "../../lib/frameTable";
import { formatTime } from "../../lib/time";
import type { PanelModel, PanelProps } from "../../panels/types";
import { panelFrames } from "../../panels/usePanelFrames";
import classes from "./PanelInspect.module.css";
import type { PanelData } from "./usePanelData";

interface Props {
  title: string;
  panel: PanelModel;
  data: PanelData;
  compiled: CompiledPanel;
  zone: string;
  theme: PanelProps["theme"];
  interpolate: PanelProps["interpolate"];
  onClose: () => void;
}

const TABS = ["Data", "Queries", "Response", "Panel JSON"] as const;
const ROW_PX = 26;

export function PanelInspect(props: Props) {
  const { title, panel, data, compiled, zone, onClose } = props;
  // Where nothing came, the query is what one wants to see.
  const [tab, setTab] = useState<(typeof TABS)[number]>(data.frames.length > 0 || data.loading ? "Data" : "Queries");
  return (
    <Modal opened onClose={onClose} size="min(1200px, 94vw)" title={title || "Panel"}>
      <div className={classes.tabs} role="tablist">
        {TABS.map((name) => (
          <button type="button" key={name} role="tab" aria-selected={name === tab} onClick={() => setTab(name)}>
            {name}
          </button>
        ))}
      </div>
      {tab === "Data" && <DataTab {...props} />}
      {tab === "Queries" && <QueriesTab data={data} compiled={compiled} zone={zone} />}
      {tab === "Response" && <ResponseTab data={data} />}
      {tab === "Panel JSON" && <JsonTab value={panel} />}
    </Modal>
  );
}

interface NamedTable {
  name: string;
  table: PlainTable;
}

/** The answers as they came, or the frames as the panel draws them. */
function useTables({ panel, data, zone, theme, interpolate }: Props, drawn: boolean): NamedTable[] {
  return useMemo(() => {
    if (!drawn) {
      return data.frames.map((f) => ({ name: `${f.id}: ${f.expr.slice(0, 80)}`, table: frameTable(f, zone) }));
    }
    const { frames } = panelFrames(panel, data.frames, { theme, timeZone: zone, interpolate });
    return frames
      .slice(0, MOST_FRAMES)
      .map((f, i) => ({ name: f.name || `Frame ${i + 1}`, table: drawnTable(f, frames, zone) }));
  }, [panel, data.frames, zone, theme, interpolate, drawn]);
}

const MOST_FRAMES = 500;

function DataTab(props: Props) {
  const { data, title } = props;
  const [chosen, setChosen] = useState(0);
  const [drawn, setDrawn] = useState(false);
  const tables = useTables(props, drawn);
  const { name = "", table } = tables[Math.min(chosen, tables.length - 1)] ?? {};
  const box = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: table?.rows ?? 0,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  if (data.frames.length === 0) return <p className={classes.none}>No data has come for this panel.</p>;
  const columns = table?.columns ?? [];
  const template = { gridTemplateColumns: `190px repeat(${Math.max(1, columns.length - 1)}, minmax(150px, 1fr))` };
  const width = { minWidth: 190 + (columns.length - 1) * 150 };
  return (
    <>
      <div className={classes.bar}>
        {tables.length > 1 && (
          <select
            className="field"
            aria-label="Query"
            value={chosen}
            onChange={(e) => setChosen(Number(e.currentTarget.value))}
          >
            {tables.map((t, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: tables have no other identity than their place
              <option key={i} value={i}>
                {t.name}
              </option>
            ))}
          </select>
        )}
        <label className={classes.check}>
          <input type="checkbox" checked={drawn} onChange={(e) => setDrawn(e.currentTarget.checked)} />
          As the panel draws it
        </label>
        <span className="dim">
          {table?.rows ?? 0} rows, {columns.length} columns
        </span>
        <button
          type="button"
          className="button"
          disabled={!table}
          onClick={() =>
            table && downloadText(`${title || "panel"}-${name.split(":")[0]}.csv`, toCsv(table), "text/csv")
          }
        >
          <IconDownload size={15} /> CSV
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too */}
      <section className={classes.table} ref={box} tabIndex={0} aria-label="Data">
        <div className={classes.head} style={{ ...template, ...width }}>
          {columns.map((column, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have the same name
            <span key={i} title={column}>
              {column}
            </span>
          ))}
        </div>
        <div style={{ height: rows.getTotalSize(), position: "relative", ...width }}>
          {rows.getVirtualItems().map((row) => (
            <div key={row.key} className={classes.row} style={{ ...template, transform: `translateY(${row.start}px)` }}>
              {columns.map((_, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have the same name
                <span key={i} title={table?.cell(row.index, i)}>
                  {table?.cell(row.index, i)}
                </span>
              ))}
            </div>
          ))}
        </div>
      </section>
    </>
  );
}

function QueriesTab({ data, compiled, zone }: { data: PanelData; compiled: CompiledPanel; zone: string }) {
  const problems = [...compiled.problems, ...data.errors];
  return (
    <div className={classes.queries}>
      {problems.map((problem) => (
        <p key={problem} className={classes.problem} role="alert">
          {problem}
        </p>
      ))}
      {compiled.queries.map((query) => {
        const stats = data.frames.find((f) => f.id === query.refId)?.stats;
        return (
          <section key={query.refId}>
            <h2>
              {query.refId} · {query.kind === "promql" ? "PromQL" : "LogQL"}
              {query.instant ? " · instant" : ` · step ${query.stepMs / 1000} s`}
            </h2>
            <pre>{query.expr}</pre>
            <p className="dim">
              {formatTime(query.startMs, zone)} to {formatTime(query.endMs, zone)}
              {stats?.samples !== undefined && ` · ${stats.samples.toLocaleString("en-US")} samples read`}
              {stats?.elapsed_ms !== undefined && ` · ${stats.elapsed_ms.toFixed(1)} ms in the server`}
            </p>
          </section>
        );
      })}
      {data.elapsedMs !== null && <p className="dim">All answers were here after {data.elapsedMs.toFixed(0)} ms.</p>}
      {[...new Set([...data.warnings, ...data.infos])].map((warning) => (
        <p key={warning} className={classes.warning}>
          {warning}
        </p>
      ))}
    </div>
  );
}

function ResponseTab({ data }: { data: PanelData }) {
  const text = useMemo(() => framesJson(data.frames), [data.frames]);
  return <TextTab text={text} />;
}

function JsonTab({ value }: { value: PanelModel }) {
  return <TextTab text={JSON.stringify(value, null, 2)} />;
}

function TextTab({ text }: { text: string }) {
  return (
    <>
      <div className={classes.bar}>
        <button type="button" className="button" onClick={() => void copyText(text)}>
          <IconCopy size={15} /> Copy
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too */}
      <pre className={classes.json} tabIndex={0}>
        {text}
      </pre>
    </>
  );
}
