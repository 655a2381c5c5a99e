/** Explore: one query, its answer as graph, table and lines. */

import { Menu } from "@mantine/core";
import { IconHistory, IconPlayerPlay } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { PageHeader } from "../../components/PageHeader";
import { RefreshPicker } from "../../components/RefreshPicker";
import { EmptyView } from "../../components/StateView";
import { TimePicker } from "../../components/TimePicker";
import { layout } from "../../lib/dashboard/layout";
import { REFRESH_INTERVALS } from "../../lib/dashboard/model";
import { one } from "../../lib/urlSearch";
import { useHotkeys } from "../../state/hotkeys";
import { recall, remember } from "../../state/storage";
import { type TimeDefaults, type TimeState, useTimeState } from "../../state/timeState";
import { usePatchUrl, useUrlSearch } from "../../state/urlState";
import { PanelCard } from "../dashboard/PanelCard";
import { PanelStage } from "../dashboard/PanelStage";
import { useBusy } from "../dashboard/useBusy";
import classes from "./ExplorePage.module.css";
import { addLabelFilter } from "./labelFilter";
import { explorePanels, type Language, looksOf } from "./panels";
import { readPanes } from "./panes";

const DEFAULTS: TimeDefaults = { from: "now-1h", to: "now", refresh: "", zone: "browser", weekStart: 1 };
const MAX_HISTORY = 20;

interface Asked {
  kind: Language;
  expr: string;
}

const EXAMPLES: Record<Language, string[]> = {
  promql: [
    "up",
    "sum by (mode) (rate(node_cpu_seconds_total[$__rate_interval]))",
    'topk(10, count by (__name__) ({__name__!=""}))',
  ],
  logql: [
    '{job="pharos"}',
    '{job="pharos"} |= "error"',
    'sum by (level) (count_over_time({job="pharos"}[$__interval]))',
  ],
};

export function ExplorePage() {
  const search = useUrlSearch();
  const patch = usePatchUrl();
  const time = useTimeState(DEFAULTS);
  const kind: Language = one(search, "kind") === "logql" ? "logql" : "promql";
  const expr = one(search, "expr") ?? "";
  const look = one(search, "look");
  const [busy, setBusy] = useBusy();

  const run = (asked: Asked) => {
    const text = asked.expr.trim();
    if (text === expr && asked.kind === kind) return time.refreshNow();
    const rest = recall<Asked[]>("explore-history", []).filter((h) => h.expr !== text || h.kind !== asked.kind);
    if (text) remember("explore-history", [{ kind: asked.kind, expr: text }, ...rest].slice(0, MAX_HISTORY));
    patch({ kind: asked.kind, expr: text || undefined, look: undefined });
  };
  // A link made for Grafana's Explore becomes one of this page.
  const pane = useMemo(() => (expr === "" ? readPanes(search) : null), [search, expr]);
  useEffect(() => {
    if (pane) patch({ ...pane, panes: undefined, left: undefined }, { replace: true });
  }, [pane, patch]);
  useTimeKeys(time);
  const looks = looksOf(kind, expr);
  const shown = looks.find((l) => l === look) ?? looks[0] ?? "graph";
  const dashboard = useMemo(() => explorePanels(kind, expr, shown), [kind, expr, shown]);
  const cells = useMemo(() => layout(dashboard.panels, new Map()).flatMap((s) => s.cells), [dashboard]);
  return (
    <PanelStage
      dashboard={dashboard}
      time={time}
      onBusy={setBusy}
      onLabelFilter={(label, value, op) => run({ kind, expr: addLabelFilter(expr, label, value, op) })}
    >
      <PageHeader title="Explore">
        <TimePicker time={time} />
        <RefreshPicker time={time} intervals={REFRESH_INTERVALS} busy={busy} />
      </PageHeader>
      <div className={classes.page}>
        <QueryBox key={`${kind} ${expr}`} asked={{ kind, expr }} run={run} />
        {expr === "" ? (
          <Examples run={run} />
        ) : (
          <>
            {looks.length > 1 && (
              <div className="buttonGroup" role="tablist" aria-label="Shown as">
                {looks.map((l) => (
                  <button
                    type="button"
                    key={l}
                    role="tab"
                    aria-selected={l === shown}
                    data-active={l === shown}
                    className="button"
                    onClick={() => patch({ look: l }, { replace: true })}
                  >
                    {{ graph: "Graph", table: "Table", lines: "Lines" }[l]}
                  </button>
                ))}
              </div>
            )}
            {cells.map((cell) => (
              <div
                key={`${cell.key} ${kind} ${expr} ${shown}`}
                className={classes.answer}
                data-small={cell.panel.gridPos.h < 10}
              >
                <PanelCard cell={cell} />
              </div>
            ))}
          </>
        )}
      </div>
    </PanelStage>
  );
}

function useTimeKeys(time: TimeState): void {
  useHotkeys([
    { keys: "t z", label: "Zoom out", group: "Time", run: time.zoomOut },
    { keys: "mod+z", label: "Zoom out", group: "Time", run: time.zoomOut },
    { keys: "t ArrowLeft", label: "Earlier", group: "Time", run: () => time.shift(-1) },
    { keys: "t ArrowRight", label: "Later", group: "Time", run: () => time.shift(1) },
  ]);
}

function Examples({ run }: { run: (asked: Asked) => void }) {
  return (
    <EmptyView title="Ask for metrics in PromQL, or for logs in LogQL" wide>
      <div className={classes.examples}>
        {(["promql", "logql"] as const).map((language) => (
          <section key={language}>
            <h2>{language === "promql" ? "Metrics" : "Logs"}</h2>
            {EXAMPLES[language].map((example) => (
              <button
                type="button"
                key={example}
                className="button mono"
                onClick={() => run({ kind: language, expr: example })}
              >
                {example}
              </button>
            ))}
          </section>
        ))}
      </div>
    </EmptyView>
  );
}

function QueryBox({ asked, run }: { asked: Asked; run: (asked: Asked) => void }) {
  const [kind, setKind] = useState(asked.kind);
  const [text, setText] = useState(asked.expr);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    run({ kind, expr: text });
  };
  return (
    <div className={classes.query}>
      <div className="buttonGroup" role="radiogroup" aria-label="Language">
        {(["promql", "logql"] as const).map((language) => (
          // biome-ignore lint/a11y/useSemanticElements: a pair of buttons reads better than two radio boxes
          <button
            type="button"
            key={language}
            role="radio"
            aria-checked={kind === language}
            data-active={kind === language}
            className="button"
            onClick={() => setKind(language)}
          >
            {language === "promql" ? "Metrics" : "Logs"}
          </button>
        ))}
      </div>
      <textarea
        className={`field ${classes.text}`}
        rows={Math.min(8, text.split("\n").length)}
        spellCheck={false}
        placeholder={
          kind === "promql" ? "PromQL, e.g. rate(node_cpu_seconds_total[5m])" : 'LogQL, e.g. {job="pharos"} |= "error"'
        }
        aria-label="Query"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <History run={run} />
      <button
        type="button"
        className="button"
        data-kind="primary"
        title="Enter"
        onClick={() => run({ kind, expr: text })}
      >
        <IconPlayerPlay size={15} /> Run
      </button>
    </div>
  );
}

function History({ run }: { run: (asked: Asked) => void }) {
  const [opened, setOpened] = useState(false);
  return (
    <Menu opened={opened} onChange={setOpened} width="min(640px, 90vw)">
      <Menu.Target>
        <button type="button" className="button" data-icon="true" title="Earlier queries" aria-label="Earlier queries">
          <IconHistory size={16} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>{opened && <HistoryItems run={run} />}</Menu.Dropdown>
    </Menu>
  );
}

function HistoryItems({ run }: { run: (asked: Asked) => void }) {
  const history = recall<Asked[]>("explore-history", []);
  if (history.length === 0) return <Menu.Label>No queries yet</Menu.Label>;
  return history.map((h) => (
    <Menu.Item key={`${h.kind} ${h.expr}`} onClick={() => run(h)}>
      <span className={`mono ${classes.past}`}>{h.expr}</span>
    </Menu.Item>
  ));
}
