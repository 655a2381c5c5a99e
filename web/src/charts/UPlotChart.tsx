/** uPlot in the page: creates it, feeds it, marks events, and turns gestures into callbacks. */

import { useEffect, useLayoutEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import styles from "./chart.module.css";
import type { ChartEvent } from "./events";
import { drawEventLines, drawEventRegions, EventMarkers } from "./events";
import { ChartTooltip, type TooltipContent } from "./tooltip";

/** What a chart is made of. */
export interface Plot {
  data: uPlot.AlignedData;
  options: Omit<uPlot.Options, "width" | "height">;
  /** Equal as long as new data can be put into the existing chart. */
  signature: string;
}

export interface UPlotChartProps {
  plot: Plot;
  width: number;
  height: number;
  /** What the x axis shows, for time axes; otherwise the plot's own options say it. */
  range?: { fromMs: number; toMs: number };
  /** What the box beside the cursor says; null for nothing. */
  tooltip: (u: uPlot, pinned: boolean) => TooltipContent | null;
  /** Charts with the same key share their cursor; without one the cursor stays here. */
  syncKey?: string;
  /** The tooltip also follows the cursors of other charts. */
  syncTooltip?: boolean;
  /** More series than the cursor of another chart should move points for. */
  many?: boolean;
  ariaLabel: string;
  /** Marked over the chart, below its time axis. */
  events?: readonly ChartEvent[];
  onZoom?: (range: { fromMs: number; toMs: number }) => void;
  onZoomOut?: () => void;
}

/** What the chart's hooks read: always the newest props, without a new chart. */
type Current = { current: UPlotChartProps };

export function UPlotChart(props: UPlotChartProps) {
  const { plot, width, height, range, ariaLabel, events } = props;
  const root = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const current = useRef(props);
  current.current = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the chart's options.
  useLayoutEffect(() => {
    const host = root.current;
    if (!host || current.current.width <= 0 || current.current.height <= 0) {
      return;
    }
    const tooltip = new ChartTooltip();
    const created = create(host, current, tooltip);
    chart.current = created;
    return () => {
      tooltip.destroy();
      created.destroy();
      chart.current = null;
    };
  }, [plot.signature, props.syncKey, width > 0 && height > 0]);

  useLayoutEffect(() => {
    const u = chart.current;
    if (u && width > 0 && height > 0 && (u.width !== width || u.height !== height)) {
      u.setSize({ width, height });
    }
  }, [width, height]);

  useEffect(() => {
    const u = chart.current;
    const moved = range && (u?.scales.x?.min !== range.fromMs || u?.scales.x?.max !== range.toMs);
    if (u && (u.data !== plot.data || moved)) {
      u.setData(plot.data);
    }
  }, [plot.data, range]);

  const drawnEvents = useRef(events);
  useEffect(() => {
    // What the chart was made with is drawn already.
    if (drawnEvents.current !== events) {
      drawnEvents.current = events;
      chart.current?.redraw(false);
    }
  }, [events]);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a figure element has margins and a caption of its own.
    <div
      ref={root}
      className={`${styles.chart} ${props.many ? styles.many : ""}`}
      style={{ width, height }}
      // No image: the marks of events within are buttons.
      role="figure"
      aria-label={ariaLabel}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the cursor.
      tabIndex={0}
      onKeyDown={(event) => {
        if (chart.current && moveCursor(chart.current, event.key)) {
          event.preventDefault();
        }
      }}
    />
  );
}

function create(host: HTMLElement, current: Current, tooltip: ChartTooltip): uPlot {
  const { plot, width, height } = current.current;
  const { options, data } = plot;
  let hovered = false;
  const markers = new EventMarkers(tooltip);
  const { range } = current.current;
  const x: uPlot.Scale | undefined = range && {
    time: true,
    range: () => [current.current.range?.fromMs ?? 0, current.current.range?.toMs ?? 1],
  };
  const u = new uPlot(
    {
      ...options,
      width,
      height,
      scales: x ? { ...options.scales, x } : options.scales,
      cursor: { ...options.cursor, ...syncOptions(current.current.syncKey), bind: bindings(current) },
      hooks: {
        ...options.hooks,
        drawClear: [...(options.hooks?.drawClear ?? []), (now) => drawEventRegions(now, eventsOf(current))],
        draw: [
          ...(options.hooks?.draw ?? []),
          (now) => {
            drawEventLines(now, eventsOf(current));
            markers.place(now, eventsOf(current));
          },
        ],
        setSelect: [(now) => zoomed(now, current.current)],
        setCursor: [
          (now) => {
            const outside = (now.cursor.left ?? -1) < 0;
            if (outside || !(hovered || current.current.syncTooltip || host === document.activeElement)) {
              tooltip.hide();
            } else {
              tooltip.update(
                () => placeOf(now),
                () => current.current.tooltip(now, false),
              );
            }
          },
        ],
        destroy: [() => markers.destroy()],
      },
    },
    data,
    host,
  );
  u.over.addEventListener("mouseenter", () => {
    hovered = true;
  });
  u.over.addEventListener("mouseleave", () => {
    hovered = false;
    tooltip.hide();
  });
  pinOnClick(u, current, tooltip);
  return u;
}

const NO_EVENTS: readonly ChartEvent[] = [];
const eventsOf = (current: Current) => current.current.events ?? NO_EVENTS;

function placeOf(u: uPlot) {
  const over = u.over.getBoundingClientRect();
  return { x: over.left + (u.cursor.left ?? 0), y: over.top + (u.cursor.top ?? 0) };
}

/** A press that did not move pins the tooltip. */
function pinOnClick(u: uPlot, current: Current, tooltip: ChartTooltip): void {
  let pressed: [number, number] | undefined;
  u.over.addEventListener("mousedown", (event) => {
    pressed = event.button === 0 && !tooltip.pinned ? [event.clientX, event.clientY] : undefined;
  });
  u.over.addEventListener("click", (event) => {
    const still = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < MIN_SELECTION_PX;
    if (still) {
      tooltip.pin(placeOf(u), current.current.tooltip(u, true));
    }
  });
}

/** The crosshair is shared, drags and clicks are not. */
function syncOptions(key: string | undefined): Partial<uPlot.Cursor> {
  if (key === undefined) {
    return {};
  }
  const shared = (type: string) => type === "mousemove" || type === "mouseleave" || type === "mouseenter";
  return { sync: { key, setSeries: false, scales: ["x", null], filters: { pub: shared, sub: shared } } };
}

function bindings(current: Current): uPlot.Cursor.Bind {
  return {
    dblclick: () => () => {
      current.current.onZoomOut?.();
      return null;
    },
  };
}

const MIN_SELECTION_PX = 4;

function zoomed(u: uPlot, { onZoom }: UPlotChartProps): void {
  const { left, width } = u.select;
  if (width < MIN_SELECTION_PX || !onZoom) {
    return;
  }
  const fromMs = Math.round(u.posToVal(left, "x"));
  const toMs = Math.round(u.posToVal(left + width, "x"));
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (toMs > fromMs) {
    onZoom({ fromMs, toMs });
  }
}

/** Arrow keys step from point to point; Escape takes the cursor away. */
function moveCursor(u: uPlot, key: string): boolean {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (key === "Escape" && (u.cursor.left ?? -1) >= 0) {
    u.setCursor({ left: -10, top: -10 });
    return true;
  }
  if (step === undefined || u.data[0].length === 0) {
    return false;
  }
  const [first, last] = u.series[0]?.idxs ?? [0, u.data[0].length - 1];
  const index = Math.min(last, Math.max(first, (u.cursor.idx ?? (step > 0 ? first - 1 : last + 1)) + step));
  u.setCursor({ left: u.valToPos(u.data[0][index] as number, "x"), top: u.over.clientHeight / 2 });
  return true;
}
