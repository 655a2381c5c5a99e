/** A time series chart in the page: creates uPlot, feeds it, and turns gestures into callbacks. */

import { useEffect, useLayoutEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import styles from "./chart.module.css";
import type { TimeSeriesChart as Chart } from "./timeSeries";
import { ChartTooltip, type TooltipSettings } from "./tooltip";

export interface TimeSeriesChartProps {
  chart: Chart;
  width: number;
  height: number;
  range: { fromMs: number; toMs: number };
  tooltip: TooltipSettings;
  /** Charts with the same key share their cursor; without one the cursor stays here. */
  syncKey?: string;
  /** The tooltip also follows the cursors of other charts. */
  syncTooltip?: boolean;
  ariaLabel: string;
  onZoom: (range: { fromMs: number; toMs: number }) => void;
  onZoomOut: () => void;
}

/** Above this many series a cursor shared by another chart draws its line only. */
const MAX_SHARED_POINTS = 8;

/** What the chart's hooks read: always the newest props, without a new chart. */
type Current = TimeSeriesChartProps;

export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const { chart, width, height, range, ariaLabel } = props;
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const current = useRef<Current>(props);
  current.current = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the chart's options.
  useLayoutEffect(() => {
    const host = root.current;
    if (!host || current.current.width <= 0 || current.current.height <= 0) {
      return;
    }
    const tooltip = new ChartTooltip();
    const created = create(host, current, tooltip);
    plot.current = created;
    return () => {
      tooltip.destroy();
      created.destroy();
      plot.current = null;
    };
  }, [chart.signature, props.syncKey, width > 0 && height > 0]);

  useLayoutEffect(() => {
    const u = plot.current;
    if (u && width > 0 && height > 0 && (u.width !== width || u.height !== height)) {
      u.setSize({ width, height });
    }
  }, [width, height]);

  useEffect(() => {
    const u = plot.current;
    if (u && (u.data !== chart.data || u.scales.x?.min !== range.fromMs || u.scales.x?.max !== range.toMs)) {
      u.setData(chart.data);
    }
  }, [chart.data, range.fromMs, range.toMs]);

  return (
    <div
      ref={root}
      className={`${styles.chart} ${chart.series.length > MAX_SHARED_POINTS ? styles.many : ""}`}
      style={{ width, height }}
      role="img"
      aria-label={ariaLabel}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the cursor.
      tabIndex={0}
      onKeyDown={(event) => {
        if (plot.current && moveCursor(plot.current, event.key)) {
          event.preventDefault();
        }
      }}
    />
  );
}

function create(host: HTMLElement, current: { current: Current }, tooltip: ChartTooltip): uPlot {
  const { chart, width, height } = current.current;
  const { options, data } = chart;
  let hovered = false;
  const u = new uPlot(
    {
      ...options,
      width,
      height,
      scales: {
        ...options.scales,
        x: { time: true, range: () => [current.current.range.fromMs, current.current.range.toMs] },
      },
      cursor: { ...options.cursor, ...syncOptions(current.current.syncKey), bind: bindings(current) },
      hooks: {
        ...options.hooks,
        setSelect: [(chartNow) => zoomed(chartNow, current.current)],
        setCursor: [
          (chartNow) => {
            const { tooltip: settings, syncTooltip, chart: now } = current.current;
            const outside = (chartNow.cursor.left ?? -1) < 0;
            if (outside || !(hovered || syncTooltip || host === document.activeElement)) {
              tooltip.hide();
            } else {
              tooltip.update(chartNow, now.series, settings);
            }
          },
        ],
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
  return u;
}

/** The crosshair is shared, drags and clicks are not. */
function syncOptions(key: string | undefined): Partial<uPlot.Cursor> {
  if (key === undefined) {
    return {};
  }
  const shared = (type: string) => type === "mousemove" || type === "mouseleave" || type === "mouseenter";
  return { sync: { key, setSeries: false, scales: ["x", null], filters: { pub: shared, sub: shared } } };
}

function bindings(current: { current: Current }): uPlot.Cursor.Bind {
  return {
    dblclick: () => () => {
      current.current.onZoomOut();
      return null;
    },
  };
}

const MIN_SELECTION_PX = 4;

function zoomed(u: uPlot, { onZoom }: Current): void {
  const { left, width } = u.select;
  if (width < MIN_SELECTION_PX) {
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
