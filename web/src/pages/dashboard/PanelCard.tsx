/** A panel's frame: header, loading bar, error mark, and the body in which its type draws. */

import { Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconClockPause, IconExternalLink, IconInfoCircle } from "@tabler/icons-react";
import { createElement, lazy, memo, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef } from "react";
import { type Frame, isEmptyFrame } from "../../api/frames";
import { useServerGone } from "../../components/ConnectionBanner";
import { CrashGuard } from "../../components/CrashGuard";
import { useInView } from "../../components/useInView";
import { useSize } from "../../components/useSize";
import { concerns } from "../../lib/dashboard/annotations";
import { type CompiledPanel, compilePanel } from "../../lib/dashboard/compile";
import type { Cell } from "../../lib/dashboard/layout";
import { withInterval } from "../../lib/interpolate/builtIns";
import { interpolate, type Scope, single } from "../../lib/interpolate/interpolate";
import type { Annotation, Exemplar } from "../../panels/events";
import { safeHref } from "../../panels/links";
import { findPanelType } from "../../panels/registry";
import type { PanelModel, PanelProps, TimeRange } from "../../panels/types";
import { unknownTransformations } from "../../transformations/registry";
import { type DashboardState, useDashboardState } from "./context";
import { exploreLink } from "./exploreLink";
import classes from "./PanelCard.module.css";
import { PanelMenu } from "./PanelMenu";
import { type PanelData, usePanelData } from "./usePanelData";

const PanelInspect = lazy(() => import("./PanelInspect").then((m) => ({ default: m.PanelInspect })));

interface Props {
  cell: Cell;
  /** The panel fills the page (`viewPanel`). */
  single?: boolean;
}

export const PanelCard = memo(function PanelCard({ cell: given, single: alone = false }: Props) {
  const state = useDashboardState();
  const cell = useLegend(given, state.legends.isFlipped(given.key));
  const card = useRef<HTMLElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const inView = useInView(card) || state.printing;
  const size = useSize(body);
  const { panel, key } = cell;
  const scope = useMemo(
    () => (state.scope ? new Map([...state.scope, ...cell.scoped]) : null),
    [state.scope, cell.scoped],
  );
  const compiled = useCompiled(cell, scope, state, size?.width ?? 0);
  const request = compiled && size ? compiled : null;
  const data = usePanelData(request, inView, state.time.tick);
  const type = findPanelType(panel.type);
  const replace = useInterpolation(scope, compiled, state.time.zone, data);
  const title = replace(panel.title);
  useBusyReport(key, data.loading);

  const instead = compiled && type.needsData ? insteadOfData(data, compiled, () => state.inspect(key)) : undefined;
  const explore = compiled ? exploreLink(compiled.queries[0], state.time.raw) : null;
  return (
    <section
      ref={card}
      className={classes.card}
      data-panel={key}
      data-explore={explore ?? undefined}
      data-transparent={panel.transparent === true}
      data-untitled={title === ""}
      aria-label={title || `${type.title} panel`}
      onMouseEnter={() => state.hover(key)}
      onMouseLeave={() => state.hover(null)}
      onFocus={() => state.hover(key)}
    >
      <header className={classes.header}>
        <h3 title={title}>{title}</h3>
        <Marks cell={cell} data={data} compiled={compiled} replace={replace} />
        <PanelMenu cellKey={key} title={title || type.title} alone={alone} explore={explore} />
      </header>
      {data.loading && <div className={classes.loading} role="progressbar" aria-label="Loading" />}
      <div ref={body} className={classes.body}>
        {size && scope && compiled && (inView || data.settled) && (
          <CrashGuard resetKey={`${key} ${state.time.tick}`}>
            <Suspense>
              {instead === undefined ? (
                <Body
                  cell={cell}
                  frames={data.frames}
                  exemplars={data.exemplars}
                  range={data.range ?? compiled.range}
                  size={size}
                  replace={replace}
                />
              ) : (
                <div className={classes.instead}>{instead}</div>
              )}
            </Suspense>
          </CrashGuard>
        )}
      </div>
      {compiled && <Inspector cell={cell} title={title} data={data} compiled={compiled} interpolate={replace} />}
    </section>
  );
});

/** The cell with its legend the other way round, where the user wants that. */
function useLegend(cell: Cell, flipped: boolean): Cell {
  return useMemo(() => {
    if (!flipped) return cell;
    const { legend } = cell.panel.options as { legend?: Record<string, unknown> };
    const isShown = legend?.showLegend !== false && legend?.displayMode !== "hidden";
    const next = { ...legend, showLegend: !isShown, displayMode: legend?.displayMode === "table" ? "table" : "list" };
    return { ...cell, panel: { ...cell.panel, options: { ...cell.panel.options, legend: next } } };
  }, [cell, flipped]);
}

interface InspectorProps {
  cell: Cell;
  title: string;
  data: PanelData;
  compiled: CompiledPanel;
  interpolate: PanelProps["interpolate"];
}

function Inspector({ cell, ...rest }: InspectorProps) {
  const { inspected, inspect, time, theme } = useDashboardState();
  if (inspected !== cell.key) return null;
  const close = () => inspect(null);
  return (
    <Suspense>
      <PanelInspect {...rest} panel={cell.panel} zone={time.zone} theme={theme} onClose={close} />
    </Suspense>
  );
}

function useBusyReport(key: string, loading: boolean): void {
  const { setBusy } = useDashboardState();
  useEffect(() => {
    setBusy(key, loading);
    return () => setBusy(key, false);
  }, [key, loading, setBusy]);
}

function useCompiled(cell: Cell, scope: Scope | null, state: DashboardState, width: number): CompiledPanel | null {
  const { dashboard, time, variables, filters } = state;
  // A few pixels more or less are no reason to ask again.
  const rounded = Math.round(width / 50) * 50;
  return useMemo(() => {
    if (!scope) return null;
    const models = variables.map((v) => v.model);
    const { range, zone } = time;
    return compilePanel(cell.panel, {
      scope,
      variables: models,
      range,
      zone,
      width: rounded,
      panels: dashboard.panels,
      filters,
    });
  }, [cell.panel, scope, variables, filters, time.range, time.zone, rounded, dashboard.panels, time]);
}

/** The same function until new data come: a panel is drawn for its data, not for each second that passes. */
function useInterpolation(
  scope: Scope | null,
  compiled: CompiledPanel | null,
  zone: string,
  data: PanelData,
): PanelProps["interpolate"] {
  const full = useMemo(() => (scope && compiled ? withInterval(scope, compiled.interval) : scope), [scope, compiled]);
  const latest = useRef(full);
  latest.current = full;
  const { frames } = data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new frames are drawn with the values of their time
  return useCallback(
    (text, extra) => {
      if (!latest.current) return text;
      const values = new Map(latest.current);
      for (const [name, value] of Object.entries(extra ?? {})) values.set(name, single(value));
      return interpolate(text, values, "text", zone);
    },
    [zone, frames, scope === null],
  );
}

interface BodyProps {
  cell: Cell;
  frames: Frame[];
  exemplars: readonly Exemplar[];
  range: TimeRange;
  size: { width: number; height: number };
  replace: PanelProps["interpolate"];
}

/** The events that this panel shows; the same list while they are the same. */
function usePanelAnnotations(panelId: number): readonly Annotation[] | undefined {
  const { annotations } = useDashboardState();
  return useMemo(() => {
    const events = annotations.flatMap((set) => (concerns(set.query, panelId) ? set.events : []));
    return events.length > 0 ? events : undefined;
  }, [annotations, panelId]);
}

const Body = memo(function Body({ cell, frames, exemplars, range, size, replace }: BodyProps) {
  const { time, theme, dashboard, onLabelFilter } = useDashboardState();
  const annotations = usePanelAnnotations(cell.panel.id);
  const { zoomTo, zoomOut, zone } = time;
  const { component } = findPanelType(cell.panel.type);
  // Time passes in the context, but what a panel draws changes with its own properties alone.
  return useMemo(() => {
    const props: PanelProps = {
      panel: cell.panel,
      frames,
      range,
      timeZone: zone,
      theme,
      width: size.width,
      height: size.height,
      syncKey: dashboard.uid,
      graphTooltip: dashboard.graphTooltip,
      interpolate: replace,
      onZoom: zoomTo,
      onZoomOut: zoomOut,
      ...(annotations ? { annotations } : {}),
      ...(exemplars.length > 0 ? { exemplars } : {}),
      ...(onLabelFilter ? { onLabelFilter } : {}),
    };
    return createElement(component, props);
  }, [
    cell.panel,
    frames,
    exemplars,
    annotations,
    range,
    zone,
    theme,
    size,
    dashboard,
    replace,
    zoomTo,
    zoomOut,
    onLabelFilter,
    component,
  ]);
});

/** What stands in the body when there is nothing to draw; undefined when there is. */
function insteadOfData(data: PanelData, compiled: CompiledPanel, inspect: () => void): ReactNode | undefined {
  const problems = [...compiled.problems, ...data.errors];
  if (data.frames.some((frame) => !isEmptyFrame(frame))) return undefined;
  if (problems.length > 0) {
    return (
      <div className={classes.failed}>
        <p className={classes.problem}>{problems.join("\n")}</p>
        <button type="button" className="button" data-kind="quiet" onClick={inspect}>
          See the query
        </button>
      </div>
    );
  }
  if (compiled.queries.length === 0 && compiled.expressions.length === 0) return <p>No query</p>;
  if (!data.settled) return null;
  return <p>No data</p>;
}

const skippedSteps = (panel: PanelModel): string[] =>
  unknownTransformations(panel.transformations).map(
    (id) => `The transformation “${id}” is not known here: this panel shows its data without it.`,
  );

interface MarksProps {
  cell: Cell;
  data: PanelData;
  compiled: CompiledPanel | null;
  replace: PanelProps["interpolate"];
}

function Marks({ cell, data, compiled, replace }: MarksProps) {
  const gone = useServerGone();
  const { panel } = cell;
  // While the server is gone its banner says so once; each panel is only marked as stale.
  const problems = [...(compiled?.problems ?? []), ...(gone ? [] : data.errors)];
  const warnings = [...new Set([...skippedSteps(panel), ...data.warnings])];
  return (
    <div className={classes.marks}>
      {panel.description && (
        <Tooltip label={replace(panel.description)}>
          <button type="button" className="iconButton" aria-label={`About this panel: ${panel.description}`}>
            <IconInfoCircle size={15} stroke={1.7} />
          </button>
        </Tooltip>
      )}
      {panel.links?.map((link) => (
        <Tooltip key={`${link.title} ${link.url}`} label={replace(link.title || link.url || "Link")}>
          <a
            className="iconButton"
            href={safeHref(replace(link.url ?? "").trim())}
            target={link.targetBlank ? "_blank" : undefined}
            rel="noreferrer"
            aria-label={replace(link.title || "Link")}
          >
            <IconExternalLink size={15} stroke={1.7} />
          </a>
        </Tooltip>
      ))}
      {compiled?.rangeNote && <span className={classes.note}>{compiled.rangeNote}</span>}
      {(data.stale || (gone && data.settled)) && (
        <Tooltip label="These are the last data that arrived.">
          <span className="iconButton" data-tone="warn" role="img" aria-label="Stale data">
            <IconClockPause size={15} stroke={1.7} />
          </span>
        </Tooltip>
      )}
      {warnings.length > 0 && problems.length === 0 && (
        <Tooltip label={warnings.join("\n")}>
          <button type="button" className="iconButton" data-tone="warn" aria-label={`Warning: ${warnings.join("; ")}`}>
            <IconAlertTriangle size={15} stroke={1.7} />
          </button>
        </Tooltip>
      )}
      {problems.length > 0 && (
        <Tooltip label={problems.join("\n")}>
          <button type="button" className="iconButton" data-tone="error" aria-label={`Error: ${problems.join("; ")}`}>
            <IconAlertTriangle size={15} stroke={1.7} />
          </button>
        </Tooltip>
      )}
    </div>
  );
}
