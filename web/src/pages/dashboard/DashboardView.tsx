/** An open dashboard: its header, its variables, its sections, its shortcuts. */

import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useMemo, useRef, useState } from "react";
import type { DashboardMeta, ImportReport } from "../../api/types";
import { EmptyView } from "../../components/StateView";
import { findCell, layout, type Section, tabsOf } from "../../lib/dashboard/layout";
import type { DashboardModel } from "../../lib/dashboard/model";
import { one } from "../../lib/urlSearch";
import { type TimeDefaults, useTimeState } from "../../state/timeState";
import { usePatchUrl, useUrlSearch } from "../../state/urlState";
import { DashboardProvider, type DashboardState } from "./context";
import { DashboardHeader } from "./DashboardHeader";
import classes from "./DashboardView.module.css";
import { PanelCard } from "./PanelCard";
import { SectionGrid } from "./SectionGrid";
import { Tabs } from "./Tabs";
import { useAnnotations } from "./useAnnotations";
import { useBusy } from "./useBusy";
import { useDashboardKeys } from "./useDashboardKeys";
import { useInspected } from "./useInspected";
import { useLegends } from "./useLegends";
import { usePrinting } from "./usePrinting";
import { useVariables } from "./useVariables";

interface Props {
  dashboard: DashboardModel;
  meta: DashboardMeta;
  report: ImportReport;
  /** One panel alone, without anything around it (`/d-solo`): its id. */
  solo?: string | undefined;
}

export function DashboardView({ dashboard: file, meta, report, solo }: Props) {
  const search = useUrlSearch();
  const patch = usePatchUrl();
  const scheme = useComputedColorScheme("dark");
  const time = useTimeState(useDefaults(file));
  const variables = useVariables(file, time);
  const [inspected, inspect] = useInspected();
  const [busy, setBusy] = useBusy();
  const { printing, print } = usePrinting(busy);
  const hovered = useRef<string | null>(null);
  const viewed = solo ?? one(search, "viewPanel") ?? null;
  const kiosk = solo !== undefined || one(search, "kiosk") !== undefined;
  const [crosshair, setCrosshair] = useState<0 | 1 | 2 | null>(null);
  const dashboard = useMemo(
    () => (crosshair === null ? file : { ...file, graphTooltip: crosshair }),
    [file, crosshair],
  );
  const legends = useLegends();

  const view = useCallback(
    (key: string | null) => patch({ viewPanel: key === null ? undefined : `panel-${key}` }),
    [patch],
  );
  const { scope, states, filters } = variables;
  const annotations = useAnnotations(file, scope, time);
  const sections = useMemo(() => (scope ? layout(file.panels, scope) : []), [file.panels, scope]);
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const isOpen = (key: string, collapsed: boolean) => toggled.get(key) ?? !collapsed;
  const setAll = (open: boolean) => setToggled(new Map(sections.map((s) => [s.key, open])));

  useDashboardKeys({
    time,
    hovered,
    viewed,
    kiosk,
    view,
    inspect,
    patch,
    setAll,
    print,
    legends,
    nextCrosshair: () => setCrosshair(((dashboard.graphTooltip + 1) % 3) as 0 | 1 | 2),
  });
  const theme = printing ? "light" : scheme;
  const state = useMemo(
    (): DashboardState => ({
      dashboard,
      time,
      scope,
      variables: states,
      filters,
      annotations: annotations.sets,
      theme,
      printing,
      legends,
      hover: (key) => {
        hovered.current = key;
      },
      view: solo === undefined ? view : null,
      inspect,
      inspected,
      setBusy,
    }),
    [
      dashboard,
      time,
      scope,
      states,
      filters,
      annotations.sets,
      theme,
      printing,
      legends,
      view,
      inspect,
      inspected,
      solo,
      setBusy,
    ],
  );
  const cell = viewed ? findCell(sections, viewed) : undefined;
  const tabs = tabsOf(sections);
  const tab = tabs.find((t) => t === one(search, "dtab")) ?? tabs[0];
  const shown = sections.filter((s) => s.tab === null || s.tab === tab || printing);

  return (
    <DashboardProvider value={state}>
      {!kiosk && (
        <DashboardHeader
          meta={meta}
          report={report}
          variables={variables}
          annotations={annotations}
          viewed={viewed !== null}
          busy={busy}
          print={print}
        />
      )}
      <div className={classes.body} data-single={cell !== undefined}>
        {tabs.length > 1 && tab && !cell && <Tabs tabs={tabs} chosen={tab} choose={(next) => patch({ dtab: next })} />}
        {cell ? (
          <PanelCard key={cell.key} cell={cell} single />
        ) : (
          shown.map((section: Section) => (
            <SectionGrid
              key={section.key}
              section={section}
              open={isOpen(section.key, section.row?.collapsed ?? false)}
              onToggle={(open) => setToggled((old) => new Map([...old, [section.key, open]]))}
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

function useDefaults(dashboard: DashboardModel): TimeDefaults {
  const { time, refresh, timezone, weekStart, fiscalStart, nowDelay } = dashboard;
  return useMemo(
    () => ({ from: time.from, to: time.to, refresh, zone: timezone, weekStart, fiscalStart, nowDelay }),
    [time, refresh, timezone, weekStart, fiscalStart, nowDelay],
  );
}
