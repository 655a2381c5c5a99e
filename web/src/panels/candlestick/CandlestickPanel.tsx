/** Candlestick: opening, highest, lowest and closing value of each time. */

import { useMemo } from "react";
import { timeAxis, valueAxisOf } from "../../charts/axes";
import { graphFieldOptions } from "../../charts/fieldOptions";
import { type Chart, chartData, roomyRange } from "../../charts/painted";
import { identity } from "../../charts/timeSeries";
import type { TooltipContent } from "../../charts/tooltip";
import { type Plot, UPlotChart } from "../../charts/UPlotChart";
import { colorByName, withAlpha } from "../../lib/colors";
import { type DataFrame, type Field, timeFieldOf } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { formatDate, formattedText } from "../../lib/format";
import { joinFrames } from "../../transformations/joinByField";
import { oneOf, tooltipOptions } from "../options";
import { useChartEvents } from "../timeseries/overlays";
import { SeriesView } from "../timeseries/SeriesView";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";

const KEYS = ["open", "high", "low", "close"] as const;
type Key = (typeof KEYS)[number] | "volume";

interface Candles {
  times: readonly number[];
  fields: Record<(typeof KEYS)[number], Field> & { volume: Field | undefined };
}

type Json = Record<string, unknown>;
const record = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});

export default function CandlestickPanel(props: PanelProps) {
  const { panel, theme, timeZone, width, height } = props;
  const { frames } = usePanelFrames(props);
  const candles = useMemo(() => candlesOf(frames, record(panel.options?.fields)), [frames, panel]);
  const events = useChartEvents(props);
  const plot = useMemo(
    () => candles && candlePlot(candles, panel.options ?? {}, { theme, timeZone }),
    [candles, panel, theme, timeZone],
  );
  // Without the four columns the series are worth seeing as they are.
  if (!candles || !plot) {
    return <SeriesView panelProps={props} frames={frames} />;
  }
  return (
    <UPlotChart
      plot={plot}
      width={width}
      height={height}
      range={props.range}
      tooltip={(u) => content(u, candles, props)}
      syncKey={props.graphTooltip > 0 ? props.syncKey : undefined}
      ariaLabel={`${panel.title || "Candlestick"}: ${candles.times.length} candles`}
      events={events}
      onZoom={props.onZoom}
      onZoomOut={props.onZoomOut}
    />
  );
}

/** Columns by the options' names, or called open, high, low, close, or by their first letters. */
export function candlesOf(frames: readonly DataFrame[], chosen: Json): Candles | undefined {
  const times = frames[0] && timeFieldOf(frames[0])?.name;
  const frame = frames.length > 1 && times ? joinFrames([...frames], times, "outer") : frames[0];
  const time = frame && timeFieldOf(frame);
  if (!frame || !time) {
    return undefined;
  }
  const find = (key: Key): Field | undefined =>
    frame.fields.find((field) => {
      const name = fieldDisplayName(field, frame, frames);
      const wanted = chosen[key];
      return field.type === "number" && (wanted ? name === wanted : new RegExp(`^(${key}|${key[0]})$`, "i").test(name));
    });
  const [open, high, low, close] = KEYS.map(find);
  return open && high && low && close
    ? { times: time.values as number[], fields: { open, high, low, close, volume: find("volume") } }
    : undefined;
}

function candlePlot(candles: Candles, options: Json, look: { theme: PanelProps["theme"]; timeZone: string }): Plot {
  const { fields, times } = candles;
  const field = fields.close;
  const spec = { key: "y", field, options: graphFieldOptions(field), percent: false, includesZero: false };
  const drawsCandles = options.mode !== "volume";
  return {
    data: chartData(times, fields.close.values as number[]),
    signature: `${identity(candles)} ${identity(options)} ${look.theme} ${look.timeZone}`,
    options: {
      ms: 1,
      padding: [8, 18, 0, 4],
      legend: { show: false },
      scales: { x: { time: true }, y: { range: valueRange(candles) } },
      axes: [timeAxis(look.timeZone), valueAxisOf(spec, 3)],
      series: [{}, { scale: "y", paths: () => null, points: { show: false } }],
      cursor: { x: true, y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
      hooks: { draw: [(u) => paint(u, candles, options, { theme: look.theme, drawsCandles })] },
    },
  };
}

function valueRange({ fields }: Candles): [number, number] {
  const lows = (fields.low.values as (number | null)[]).filter((value) => value !== null);
  const highs = (fields.high.values as (number | null)[]).filter((value) => value !== null);
  const low = lows.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = highs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Number.isFinite(low) && Number.isFinite(high) ? roomyRange(low, high, 0.1, false) : [0, 1];
}

function paint(
  u: Chart,
  candles: Candles,
  options: Json,
  look: { theme: PanelProps["theme"]; drawsCandles: boolean },
): void {
  const { times, fields } = candles;
  const { ctx, bbox } = u;
  const given = record(options.colors);
  const color = (key: string, fallback: string) => colorByName(String(given[key] ?? fallback), look.theme);
  const [up, down, flat] = [color("up", "green"), color("down", "red"), color("flat", "gray")];
  const byClose = options.colorStrategy === "close-close";
  const bars = oneOf(options.candleStyle, ["candles", "ohlcbars"], "candles") === "ohlcbars";
  const volumes = options.mode === "candles" ? undefined : (fields.volume?.values as number[] | undefined);
  const most = volumes?.reduce((max, value) => Math.max(max, value ?? 0), 0) || 1;
  const wide = Math.max(1, Math.min(24 * devicePixelRatio, (bbox.width / Math.max(1, times.length)) * 0.7));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = Math.max(1, devicePixelRatio);
  times.forEach((time, row) => {
    const value = (key: (typeof KEYS)[number]) => Number(fields[key].values[row] ?? Number.NaN);
    const before = byClose ? Number(fields.close.values[row - 1] ?? value("open")) : value("open");
    const change = value("close") - before;
    const own = change > 0 ? up : change < 0 ? down : flat;
    const x = u.valToPos(time, "x", true);
    const y = (key: (typeof KEYS)[number]) => u.valToPos(value(key), "y", true);
    if (volumes) {
      const tall = ((volumes[row] ?? 0) / most) * bbox.height * (look.drawsCandles ? 0.2 : 0.95);
      ctx.fillStyle = withAlpha(own, look.drawsCandles ? 0.35 : 0.8);
      ctx.fillRect(x - wide / 2, bbox.top + bbox.height - tall, wide, tall);
    }
    if (!look.drawsCandles || Number.isNaN(value("close"))) {
      return;
    }
    ctx.strokeStyle = own;
    ctx.fillStyle = own;
    ctx.beginPath();
    ctx.moveTo(x, y("high"));
    ctx.lineTo(x, y("low"));
    if (bars) {
      ctx.moveTo(x - wide / 2, y("open"));
      ctx.lineTo(x, y("open"));
      ctx.moveTo(x, y("close"));
      ctx.lineTo(x + wide / 2, y("close"));
    }
    ctx.stroke();
    if (!bars) {
      const [a, b] = [y("open"), y("close")];
      ctx.fillRect(x - wide / 2, Math.min(a, b), wide, Math.max(1, Math.abs(a - b)));
    }
  });
  ctx.restore();
}

function content(u: Chart, { times, fields }: Candles, { panel, timeZone }: PanelProps): TooltipContent | null {
  const row = u.cursor.idx;
  if (row === null || row === undefined || (u.cursor.left ?? -1) < 0 || tooltipOptions(panel).mode === "none") {
    return null;
  }
  const shown = [...KEYS, "volume" as const].flatMap((key) => (fields[key] ? [[key, fields[key]] as const] : []));
  return {
    title: formatDate(times[row] ?? 0, "YYYY-MM-DD HH:mm:ss", timeZone),
    rows: shown.map(([key, field]) => ({
      label: key.charAt(0).toUpperCase() + key.slice(1),
      text: field.display ? formattedText(field.display(field.values[row])) : String(field.values[row]),
    })),
  };
}
