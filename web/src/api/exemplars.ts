/** Exemplars through Prometheus' own API. */

import type { PanelQuery } from "../lib/dashboard/compile";
import { thinExemplars } from "../lib/thinExemplars";
import type { Exemplar } from "../panels/events";
import { getJson } from "./client";

interface Answer {
  data: {
    seriesLabels: Record<string, string>;
    exemplars: { labels: Record<string, string>; value: string; timestamp: number }[];
  }[];
}

/** A server without them is asked once. */
let unavailable = false;

export async function loadExemplars(query: PanelQuery, signal: AbortSignal): Promise<Exemplar[]> {
  if (unavailable) return [];
  const { expr, startMs, endMs, refId } = query;
  const params = new URLSearchParams({ query: expr, start: String(startMs / 1000), end: String(endMs / 1000) });
  try {
    const { data } = await getJson<Answer>(`/api/v1/query_exemplars?${params}`, signal);
    const all = data.flatMap(({ seriesLabels, exemplars }) =>
      exemplars.map(({ labels, value, timestamp }) => {
        return { refId, timeMs: timestamp * 1000, value: Number(value), labels, seriesLabels };
      }),
    );
    return thinExemplars(all, { fromMs: startMs, toMs: endMs, stepMs: query.stepMs });
  } catch (error) {
    if ((error as { kind?: string }).kind === "not_found") unavailable = true;
    // Series are what the panel is about: without exemplars it is still right.
    return [];
  }
}
