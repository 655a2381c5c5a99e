/** A look behind a panel: its data as a table, its queries as they were sent, its model. */

import { Modal } from "@mantine/core";
import { IconCopy, IconDownload } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { copyText, downloadText } from "../../lib/clipboard";
import type { CompiledPanel } from "../../lib/dashboard/compile";
import { frameTable, toCsv } from "../../lib/frameTable";
import { formatTime } from "../../lib/time";
import type { PanelModel } from "../../panels/types";
import classes from "./PanelInspect.module.css";
import type { PanelData } from "./usePanelData";

interface Props {
  title: string;
  panel: PanelModel;
  data: PanelData;
  compiled: CompiledPanel;
  zone: string;
  onClose: () => void;
}

const TABS = ["Data", "Queries", "Panel JSON"] as const;
const ROW_PX = 26;

export function PanelInspect({ title, panel, data, compiled, zone, onClose }: Props) {
  const [tab, setTab] = useState<(typeof TABS)[number]>("Data");
  return (
    <Modal opened onClose={onClose} size="min(1200px, 94vw)" title={title || "Panel"}>
      <div className={classes.tabs} role="tablist">
        {TABS.map((name) => (
          <button type="button" key={name} role="tab" aria-selected={name === tab} onClick={() => setTab(name)}>
            {name}
          </button>
        ))}
      </div>
      {tab === "Data" && <DataTab data={data} zone={zone} name={title || "panel"} />}
      {tab === "Queries" && <QueriesTab data={data} compiled={compiled} zone={zone} />}
      {tab === "Panel JSON" && <JsonTab panel={panel} />}
    </Modal>
  );
}

function DataTab({ data, zone, name }: { data: PanelData; zone: string; name: string }) {
  const [chosen, setChosen] = useState(0);
  const frame = data.frames[Math.min(chosen, data.frames.length - 1)];
  const table = useMemo(() => frame && frameTable(frame, zone), [frame, zone]);
  const box = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: table?.rows ?? 0,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  if (!frame || !table) return <p className={classes.none}>No data has come for this panel.</p>;
  const template = { gridTemplateColumns: `190px repeat(${table.columns.length - 1}, minmax(150px, 1fr))` };
  const width = { minWidth: 190 + (table.columns.length - 1) * 150 };
  return (
    <>
      <div className={classes.bar}>
        {data.frames.length > 1 && (
          <select
            className="field"
            aria-label="Query"
            value={chosen}
            onChange={(e) => setChosen(Number(e.currentTarget.value))}
          >
            {data.frames.map((f, i) => (
              <option key={f.id} value={i}>
                {f.id}: {f.expr.slice(0, 80)}
              </option>
            ))}
          </select>
        )}
        <span className="dim">
          {table.rows} rows, {table.columns.length} columns
        </span>
        <button
          type="button"
          className="button"
          onClick={() => downloadText(`${name}-${frame.id}.csv`, toCsv(table), "text/csv")}
        >
          <IconDownload size={15} /> CSV
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too */}
      <section className={classes.table} ref={box} tabIndex={0} aria-label="Data">
        <div className={classes.head} style={{ ...template, ...width }}>
          {table.columns.map((column) => (
            <span key={column} title={column}>
              {column}
            </span>
          ))}
        </div>
        <div style={{ height: rows.getTotalSize(), position: "relative", ...width }}>
          {rows.getVirtualItems().map((row) => (
            <div key={row.key} className={classes.row} style={{ ...template, transform: `translateY(${row.start}px)` }}>
              {table.columns.map((column, i) => (
                <span key={column} title={table.cell(row.index, i)}>
                  {table.cell(row.index, i)}
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

function JsonTab({ panel }: { panel: PanelModel }) {
  const text = JSON.stringify(panel, null, 2);
  return (
    <>
      <div className={classes.bar}>
        <button type="button" className="button" onClick={() => void copyText(text)}>
          <IconCopy size={15} /> Copy
        </button>
      </div>
      <pre className={classes.json}>{text}</pre>
    </>
  );
}
