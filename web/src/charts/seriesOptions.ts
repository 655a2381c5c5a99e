/** uPlot's options of single series, and the bands between them. */

import uPlot from "uplot";
import { type ThemeName, withAlpha } from "../lib/colors";
import type { GraphFieldOptions } from "./fieldOptions";
import { huePaint, opacityFill, schemePaint } from "./gradients";
import { scaleKey } from "./scales";
import type { Stacked, Values } from "./stack";
import type { ChartSeries } from "./timeSeries";

/** How one series is drawn: stroke, fill, path and points. */
export function uplotSeries(entry: ChartSeries, stacked: Stacked, theme: ThemeName, bare: boolean): uPlot.Series {
  const { options, color, visible, field } = entry;
  const key = scaleKey(field, options);
  const byValue = options.gradientMode === "scheme";
  const drawsLine = options.drawStyle !== "points" && options.lineWidth > 0;
  return {
    scale: key,
    show: visible,
    stroke: byValue ? (schemePaint(field, key, theme, 1) as uPlot.Series["stroke"]) : color,
    width: drawsLine ? options.lineWidth : 0,
    dash: options.lineDash,
    cap: options.lineDash?.[0] === 0 ? "round" : "butt",
    fill: options.drawStyle === "points" ? undefined : fillOf(entry, key, theme),
    spanGaps: options.spanNulls === true,
    paths: pathsOf(options, stacked),
    points: bare ? { show: false } : pointsOf(options, color),
  };
}

function fillOf({ options, color, field }: ChartSeries, key: string, theme: ThemeName): uPlot.Series["fill"] {
  const opacity = options.fillOpacity / 100;
  if (opacity <= 0) {
    return undefined;
  }
  switch (options.gradientMode) {
    case "opacity":
      return opacityFill(color, opacity);
    case "hue":
      return huePaint(color, opacity);
    case "scheme":
      return schemePaint(field, key, theme, opacity);
    default:
      return withAlpha(color, opacity);
  }
}

const paths = uPlot.paths as Required<uPlot.Series.PathBuilderFactories>;

function pathsOf(options: GraphFieldOptions, { base }: Stacked): uPlot.Series.PathBuilder {
  if (options.drawStyle === "points") {
    return () => null;
  }
  if (options.drawStyle === "bars") {
    return barPaths(options, base);
  }
  switch (options.lineInterpolation) {
    case "smooth":
      return paths.spline();
    case "stepBefore":
      return paths.stepped({ align: -1 });
    case "stepAfter":
      return paths.stepped({ align: 1 });
    default:
      return paths.linear();
  }
}

/** Stacked bars stand on the ones below them instead of on zero. */
function barPaths(options: GraphFieldOptions, base: number[] | undefined): uPlot.Series.PathBuilder {
  const shape = {
    size: [options.barWidthFactor, options.barMaxWidth] as [number, number],
    align: options.barAlignment,
  };
  if (base === undefined) {
    return paths.bars(shape);
  }
  return paths.bars({
    ...shape,
    disp: {
      y0: { unit: 1, values: () => base },
      y1: { unit: 1, values: (u: uPlot, index: number) => u.data[index] as number[] },
    },
  } as uPlot.Series.BarsPathBuilderOpts);
}

function pointsOf(options: GraphFieldOptions, color: string): uPlot.Series.Points {
  const always = options.drawStyle === "points" || options.showPoints === "always";
  const shape = { size: options.pointSize, stroke: color, fill: color, width: 0 };
  if (always) {
    return { ...shape, show: true };
  }
  if (options.drawStyle === "bars") {
    return { show: false };
  }
  // A value between two gaps has no line: only a point shows it.
  const filter: uPlot.Series.Points.Filter = (u, index, show) => (show ? null : lonelyPoints(u, index));
  return options.showPoints === "never" ? { ...shape, show: false, filter } : { ...shape, filter };
}

function lonelyPoints(u: uPlot, seriesIndex: number): number[] | null {
  const values = u.data[seriesIndex] as Values;
  const [from, to] = u.series[0]?.idxs ?? [0, values.length - 1];
  const lonely: number[] = [];
  const gap = (index: number) => values[index] === null || values[index] === undefined;
  for (let index = from; index <= to; index++) {
    if (!gap(index) && gap(index - 1) && gap(index + 1)) {
      lonely.push(index);
    }
  }
  return lonely.length > 0 ? lonely : null;
}

/** What is filled between two series: stacks, and "fill below to". */
export function bandsOf(series: readonly ChartSeries[], stacked: readonly Stacked[]): uPlot.Band[] {
  const bands: uPlot.Band[] = [];
  stacked.forEach(({ below }, index) => {
    if (below !== undefined && series[index]?.options.drawStyle === "line") {
      bands.push({ series: [index + 1, below + 1] });
    }
  });
  series.forEach(({ options }, index) => {
    const target = options.fillBelowTo;
    const below = target === undefined ? -1 : series.findIndex(({ label }) => label === target);
    if (below >= 0 && below !== index) {
      bands.push({
        series: [index + 1, below + 1],
        fill: withAlpha(series[index]?.color ?? "", options.fillOpacity / 100),
      });
    }
  });
  return bands;
}
