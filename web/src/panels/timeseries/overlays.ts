/** Annotations and exemplars as charts draw them. */

import { useMemo } from "react";
import type { ChartEvent } from "../../charts/events";
import { type DrawnExemplar, MAX_EXEMPLARS } from "../../charts/exemplars";
import { scaleKey } from "../../charts/scales";
import type { ChartSeries } from "../../charts/timeSeries";
import { colorByName, type ThemeName } from "../../lib/colors";
import { formatDate, formattedText } from "../../lib/format";
import { type Annotation, type Exemplar, MAX_EVENTS } from "../events";
import { safeHref } from "../links";
import type { PanelProps } from "../types";

/** Grafana's colour of annotations that name none. */
const DEFAULT_COLOR = "rgba(0, 211, 255, 1)";
/** Longer texts are cut in the box. */
const MAX_TEXT_CHARS = 2000;

/** The dashboard's events for a time chart; the same array as long as nothing changed. */
export function useChartEvents({
  annotations,
  theme,
  timeZone,
}: Pick<PanelProps, "annotations" | "theme" | "timeZone">): readonly ChartEvent[] | undefined {
  return useMemo(
    () => annotations?.slice(-MAX_EVENTS).map((annotation) => chartEvent(annotation, theme, timeZone)),
    [annotations, theme, timeZone],
  );
}

export function chartEvent(annotation: Annotation, theme: ThemeName, timeZone: string): ChartEvent {
  const { timeMs, timeEndMs, title, text, tags, source } = annotation;
  const toMs = timeEndMs !== undefined && timeEndMs > timeMs ? timeEndMs : timeMs;
  const color = colorByName(annotation.color || DEFAULT_COLOR, theme);
  const at = (ms: number) => formatDate(ms, "YYYY-MM-DD HH:mm:ss", timeZone);
  return {
    fromMs: timeMs,
    toMs,
    color,
    content: {
      title: toMs > timeMs ? `${at(timeMs)} – ${at(toMs)}` : at(timeMs),
      rows: [{ label: plainText(title || source || "Annotation"), color, text: "" }],
      note: text ? plainText(text).slice(0, MAX_TEXT_CHARS) : undefined,
      tags,
    },
  };
}

/** Texts of other systems carry markup; here they are read as text. */
export function plainText(text: string): string {
  return text
    .replace(/<br\s*\/?>/gi, "\n")
    .replace(/<[^>]{0,500}>/g, "")
    .trim();
}

/** Exemplars on the scale of the first series of their query. */
export function drawnExemplars(
  exemplars: readonly Exemplar[] | undefined,
  series: readonly ChartSeries[],
): readonly DrawnExemplar[] {
  if (!exemplars?.length) {
    return [];
  }
  return exemplars.slice(-MAX_EXEMPLARS).flatMap((exemplar) => {
    const own = series.find(({ frame }) => frame.refId === exemplar.refId) ?? series[0];
    if (!own || !Number.isFinite(exemplar.value) || !Number.isFinite(exemplar.timeMs)) {
      return [];
    }
    const href = exemplar.href === undefined ? undefined : safeHref(exemplar.href);
    return [
      {
        timeMs: exemplar.timeMs,
        value: exemplar.value,
        scaleKey: scaleKey(own.field, own.options),
        text: own.field.display ? formattedText(own.field.display(exemplar.value)) : String(exemplar.value),
        labels: [...Object.entries(exemplar.labels), ...Object.entries(exemplar.seriesLabels)],
        link: href ? { href, title: "Open the trace", target: undefined } : undefined,
      },
    ];
  });
}
