/** What every panel of an open dashboard reads. */

import { createContext, useContext } from "react";
import type { AdhocFilters } from "../../lib/dashboard/compile";
import type { DashboardModel } from "../../lib/dashboard/model";
import type { Scope } from "../../lib/interpolate/interpolate";
import type { VariableState } from "../../lib/variables/model";
import type { PanelProps } from "../../panels/types";
import type { TimeState } from "../../state/timeState";
import type { AnnotationSet } from "./useAnnotations";
import type { Legends } from "./useLegends";

export interface DashboardState {
  dashboard: DashboardModel;
  time: TimeState;
  /** Null until the variables have been loaded: no panel asks before. */
  scope: Scope | null;
  variables: VariableState[];
  /** Ad hoc filters in force. */
  filters: AdhocFilters;
  /** What happened in the range, by the dashboard's annotation queries. */
  annotations: readonly AnnotationSet[];
  theme: "dark" | "light";
  /** The page goes to paper: every panel is drawn, in view or not. */
  printing: boolean;
  legends: Legends;
  /** The panel under the mouse or the focus, for its shortcuts. */
  hover: (key: string | null) => void;
  /** Shows one panel alone; null where that has no meaning. */
  view: ((key: string | null) => void) | null;
  inspect: (key: string | null) => void;
  /** Key of the panel that is inspected. */
  inspected: string | null;
  /** Told by each panel, so that the refresh button can turn. */
  setBusy: (key: string, busy: boolean) => void;
  onLabelFilter?: PanelProps["onLabelFilter"];
}

const DashboardContext = createContext<DashboardState | null>(null);

export const DashboardProvider = DashboardContext.Provider;

export function useDashboardState(): DashboardState {
  const state = useContext(DashboardContext);
  if (!state) throw new Error("panels stand within a dashboard");
  return state;
}
