/** A small line without axes: the background of a stat, a cell of a table. */

import { useEffect, useRef } from "react";
import { withAlpha } from "../lib/colors";

export interface SparklineProps {
  times: readonly number[];
  values: readonly (number | null | undefined)[];
  color: string;
  width: number;
  height: number;
  fillOpacity?: number;
  lineWidth?: number;
  min?: number | null;
  max?: number | null;
}

/** Drawn straight on a canvas: a hundred of them cost less than one chart. */
export function Sparkline(props: SparklineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = props;
  useEffect(() => {
    if (canvas.current) {
      drawSparkline(canvas.current, props);
    }
  });
  return <canvas ref={canvas} style={{ width, height, display: "block" }} />;
}

function drawSparkline(canvas: HTMLCanvasElement, props: SparklineProps): void {
  const { width, height, color, lineWidth = 1, fillOpacity = 0.2 } = props;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  let context: CanvasRenderingContext2D | null = null;
  try {
    context = canvas.getContext("2d");
  } catch {
    return;
  }
  if (!context) {
    return;
  }
  context.scale(ratio, ratio);
  const gradient = context.createLinearGradient(0, 0, 0, height);
  gradient.addColorStop(0, withAlpha(color, fillOpacity * 1.6));
  gradient.addColorStop(1, withAlpha(color, fillOpacity * 0.25));
  for (const line of sparklinePoints(props)) {
    const [first] = line;
    const last = line[line.length - 1];
    if (!first || !last) {
      continue;
    }
    const shape = new Path2D();
    for (const [x, y] of line) {
      shape.lineTo(x, y);
    }
    const area = new Path2D(shape);
    area.lineTo(last[0], height);
    area.lineTo(first[0], height);
    context.fillStyle = gradient;
    context.fill(area);
    context.strokeStyle = color;
    context.lineWidth = lineWidth;
    context.lineJoin = "round";
    context.stroke(shape);
  }
}

/** The lines between gaps, in pixels of the box. */
export function sparklinePoints(props: SparklineProps): [number, number][][] {
  const { times, values, width, height, lineWidth = 1 } = props;
  const present = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  const [first, last] = [times[0] ?? 0, times[times.length - 1] ?? 1];
  const lowest = present.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const highest = present.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const min = props.min ?? lowest;
  const max = props.max ?? highest;
  const lines: [number, number][][] = [];
  let line: [number, number][] = [];
  times.forEach((time, index) => {
    const value = values[index];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      line = [];
      return;
    }
    if (line.length === 0) {
      lines.push(line);
    }
    const share = max > min ? (value - min) / (max - min) : 0.5;
    const inner = height - 2 * lineWidth;
    line.push([
      ((time - first) / (last - first || 1)) * width,
      lineWidth + (1 - Math.min(1, Math.max(0, share))) * inner,
    ]);
  });
  return lines;
}
