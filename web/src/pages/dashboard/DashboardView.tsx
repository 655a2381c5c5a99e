/** An open dashboard: its header, its variables, its sections, its shortcuts. */

import { useComputedColorScheme } from "@mantine/core";
import { IconArrowLeft, IconDeviceTv } from "@tabler/icons-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { DashboardMeta, ImportReport } from "../../api/types";
import { PageHeader } from "../../components/PageHeader";
import { RefreshPicker } from "../../components/RefreshPicker";
import { EmptyView } from "../../components/StateView";
import { TimePicker } from "../../components/TimePicker";
import { findCell, layout } from "../../lib/dashboard/layout";
import type { DashboardModel } from "../../lib/dashboard/model";
import { interpolate } from "../../lib/interpolate/interpolate";
import { one } from "../../lib/urlSearch";
import { type TimeDefaults, useTimeState } from "../../state/timeState";
import { usePatchUrl, useUrlSearch } from "../../state/urlState";
import { DashboardProvider, type DashboardState, useDashboardState } from "./context";
import { DashboardLinks } from "./DashboardLinks";
import classes from "./DashboardView.module.css";
import { PanelCard } from "./PanelCard";
import { ReportMark } from "./ReportMark";
import { SectionGrid } from "./SectionGrid";
import { useBusy } from "./useBusy";
import { useDashboardKeys } from "./useDashboardKeys";
import { useVariables, type Variables } from "./useVariables";
import { VariableBar } from "./VariableBar";

interface Props {
  dashboard: DashboardModel;
  meta: DashboardMeta;
  report: ImportReport;
}

export function DashboardView({ dashboard, meta, report }: Props) {
  const search = useUrlSearch();
  const patch = usePatchUrl();
  const theme = useComputedColorScheme("dark");
  const time = useTimeState(useDefaults(dashboard));
  const variables = useVariables(dashboard, time);
  const [inspected, setInspected] = useState<string | null>(null);
  const [busy, setBusy] = useBusy();
  const hovered = useRef<string | null>(null);
  const viewed = one(search, "viewPanel") ?? null;
  const kiosk = one(search, "kiosk") !== undefined;

  const view = useCallback(
    (key: string | null) => patch({ viewPanel: key === null ? undefined : `panel-${key}` }),
    [patch],
  );
  const { scope } = variables;
  const sections = useMemo(() => (scope ? layout(dashboard.panels, scope) : []), [dashboard.panels, scope]);
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const isOpen = (key: string, collapsed: boolean) => toggled.get(key) ?? !collapsed;
  const setAll = (open: boolean) => setToggled(new Map(sections.map((s) => [s.key, open])));

  useDashboardKeys({ time, hovered, viewed, kiosk, view, inspect: setInspected, patch, setAll });
  const { states } = variables;
  const state = useMemo(
    (): DashboardState => ({
      dashboard,
      time,
      scope,
      variables: states,
      theme,
      hover: (key) => {
        hovered.current = key;
      },
      view,
      inspect: setInspected,
      inspected,
      setBusy,
    }),
    [dashboard, time, scope, states, theme, view, inspected, setBusy],
  );
  const cell = viewed ? findCell(sections, viewed) : undefined;

  return (
    <DashboardProvider value={state}>
      {!kiosk && <Header meta={meta} report={report} variables={variables} viewed={viewed !== null} busy={busy} />}
      <div className={classes.body} data-single={cell !== undefined}>
        {cell ? (
          <PanelCard key={cell.key} cell={cell} single />
        ) : (
          sections.map((section) => (
            <SectionGrid
              key={section.key}
              section={section}
              open={isOpen(section.key, section.row?.collapsed ?? false)}
              onToggle={(open) => setToggled(new Map([...toggled, [section.key, open]]))}
            />
          ))
        )}
        {scope && dashboard.panels.length === 0 && (
          <EmptyView title="This dashboard has no panels">Its file holds none: {meta.source}</EmptyView>
        )}
        {viewed && scope && !cell && <EmptyView title={`There is no panel “${viewed}” on this dashboard`} />}
      </div>
    </DashboardProvider>
  );
}

interface HeaderProps {
  meta: DashboardMeta;
  report: ImportReport;
  variables: Variables;
  /** One panel is shown alone. */
  viewed: boolean;
  busy: boolean;
}

function Header({ meta, report, variables, viewed, busy }: HeaderProps) {
  const { dashboard, time, scope, view } = useDashboardState();
  const patch = usePatchUrl();
  const title = scope ? interpolate(dashboard.title, scope) : dashboard.title;
  return (
    <PageHeader
      title={title}
      crumb={viewed ? undefined : meta.folder || undefined}
      mark={<ReportMark report={report} description={dashboard.description} />}
      below={
        <div className={classes.below}>
          {viewed && (
            <button type="button" className="button" onClick={() => view?.(null)}>
              <IconArrowLeft size={15} /> Back to the dashboard
            </button>
          )}
          <VariableBar variables={variables} />
          {!viewed && <DashboardLinks />}
        </div>
      }
    >
      {!dashboard.hideTimePicker && <TimePicker time={time} />}
      <RefreshPicker time={time} intervals={dashboard.refreshIntervals} busy={busy} />
      <button
        type="button"
        className={`button ${classes.kiosk}`}
        data-icon="true"
        title="Full screen without menus (d k)"
        aria-label="Kiosk mode"
        onClick={() => patch({ kiosk: "1" })}
      >
        <IconDeviceTv size={16} />
      </button>
    </PageHeader>
  );
}

function useDefaults(dashboard: DashboardModel): TimeDefaults {
  const { time, refresh, timezone, weekStart } = dashboard;
  return useMemo(
    () => ({ from: time.from, to: time.to, refresh, zone: timezone, weekStart }),
    [time, refresh, timezone, weekStart],
  );
}
