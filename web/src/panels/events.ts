/** What happens beside the series: annotations of the dashboard, and exemplars of single measurements. */

import type { Labels } from "../lib/dataFrame";

/** A moment, or with `timeEndMs` a stretch of time, that time charts mark. The page asks for them, panels draw them. */
export interface Annotation {
  timeMs: number;
  /** Set for regions; one that is not after `timeMs` counts as a moment. */
  timeEndMs?: number;
  title?: string;
  /** Plain text; panels never read it as HTML. */
  text?: string;
  tags?: readonly string[];
  /** Of the annotation query: a colour name or CSS colour. */
  color?: string;
  /** Name of the annotation query. */
  source?: string;
  /** Set where the event belongs to a panel or dashboard, so that lists can lead there. */
  dashboardUid?: string;
  panelId?: number;
}

/** One measurement behind a series, as `/api/v1/query_exemplars` has it. */
export interface Exemplar {
  /** The query (A, B, ...) whose series it belongs to. */
  refId: string;
  timeMs: number;
  value: number;
  /** The exemplar's own labels (`trace_id`, ...). */
  labels: Labels;
  /** Labels of the series it was measured for. */
  seriesLabels: Labels;
  /** Where its trace is, when the page knows. */
  href?: string;
}

/** A chart marks at most this many events: more are a wall, and each costs time. */
export const MAX_EVENTS = 500;
