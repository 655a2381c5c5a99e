/** The dashboard's annotations: asked for with each refresh, switched on and off one by one. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ask } from "../../api/batch";
import { isAbort, messageOf } from "../../api/error";
import { annotationsFrom, compileAnnotation } from "../../lib/dashboard/annotations";
import type { AnnotationQuery, DashboardModel } from "../../lib/dashboard/model";
import type { Scope } from "../../lib/interpolate/interpolate";
import type { Annotation } from "../../panels/events";
import type { TimeState } from "../../state/timeState";
import { toFrame, toWire } from "./usePanelData";

export interface AnnotationSet {
  query: AnnotationQuery;
  enabled: boolean;
  events: readonly Annotation[];
  error: string | null;
}

export interface Annotations {
  sets: readonly AnnotationSet[];
  toggle: (name: string) => void;
}

type Loaded = Pick<AnnotationSet, "events" | "error">;

export function useAnnotations(dashboard: DashboardModel, scope: Scope | null, time: TimeState): Annotations {
  const { annotations: queries, variables } = dashboard;
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [loaded, setLoaded] = useState<ReadonlyMap<string, Loaded>>(new Map());
  const latest = useRef(time.range);
  latest.current = time.range;
  const wanted = useMemo(() => {
    if (!scope) return [];
    const on = queries.filter((q) => toggled.get(q.name) ?? q.enable);
    return on.flatMap((query) => {
      const sent = compileAnnotation(query, { scope, variables, range: time.range });
      return sent ? [{ query, sent }] : [];
    });
  }, [queries, variables, scope, toggled, time.range]);

  useEffect(() => {
    if (wanted.length === 0) return;
    const abort = new AbortController();
    for (const { query, sent } of wanted) {
      void ask(toWire(sent), abort.signal)
        .then((answer): Loaded => {
          if (answer.kind === "error") return { events: [], error: answer.error.message };
          return { events: annotationsFrom(query, toFrame(answer, sent)), error: null };
        })
        .catch((error): Loaded | null => (isAbort(error) ? null : { events: [], error: messageOf(error) }))
        .then((result) => {
          if (result && !abort.signal.aborted) setLoaded((old) => new Map([...old, [query.name, result]]));
        });
    }
    return () => abort.abort();
  }, [wanted]);

  const sets = useMemo(
    () =>
      queries.map((query): AnnotationSet => {
        const enabled = toggled.get(query.name) ?? query.enable;
        const { events, error } = loaded.get(query.name) ?? { events: [], error: null };
        return { query, enabled, events: enabled ? events : [], error: enabled ? error : null };
      }),
    [queries, toggled, loaded],
  );
  const toggle = useCallback(
    (name: string) => {
      const query = queries.find((q) => q.name === name);
      setToggled((old) => new Map([...old, [name, !(old.get(name) ?? query?.enable)]]));
    },
    [queries],
  );
  return { sets, toggle };
}
