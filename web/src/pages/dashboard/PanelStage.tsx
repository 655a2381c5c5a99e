/** Lets panels stand on a page that is no dashboard (Home, Explore): the same data path, the same looks. */

import { useComputedColorScheme } from "@mantine/core";
import { type ReactNode, useMemo, useRef, useState } from "react";
import type { DashboardModel } from "../../lib/dashboard/model";
import { builtInScope } from "../../lib/interpolate/builtIns";
import type { TimeState } from "../../state/timeState";
import { DashboardProvider, type DashboardState } from "./context";
import { useLegends } from "./useLegends";

interface Props {
  dashboard: DashboardModel;
  time: TimeState;
  onBusy?: (key: string, busy: boolean) => void;
  onLabelFilter?: DashboardState["onLabelFilter"];
  children: ReactNode;
}

const ignore = () => undefined;
const NO_FILTERS: DashboardState["filters"] = {};
const NO_ANNOTATIONS: DashboardState["annotations"] = [];

export function PanelStage({ dashboard, time, onBusy, onLabelFilter, children }: Props) {
  const theme = useComputedColorScheme("dark");
  const [inspected, setInspected] = useState<string | null>(null);
  const legends = useLegends();
  const { raw, range, zone } = time;
  const scope = useMemo(() => builtInScope(range, raw, zone), [range, raw, zone]);
  const filter = useRef(onLabelFilter);
  filter.current = onLabelFilter;
  const filters = onLabelFilter !== undefined;
  const state = useMemo(
    (): DashboardState => ({
      dashboard,
      time,
      scope,
      variables: [],
      filters: NO_FILTERS,
      annotations: NO_ANNOTATIONS,
      theme,
      printing: false,
      legends,
      hover: ignore,
      view: null,
      inspect: setInspected,
      inspected,
      setBusy: onBusy ?? ignore,
      ...(filters ? { onLabelFilter: (label, value, op) => filter.current?.(label, value, op) } : {}),
    }),
    [dashboard, time, scope, theme, legends, inspected, onBusy, filters],
  );
  return <DashboardProvider value={state}>{children}</DashboardProvider>;
}
