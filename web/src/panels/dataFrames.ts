/** From the server's columnar answers to the frames that transformations and panels know. */

import type { Frame, MatrixFrame, NumericFrame, Series, StreamsFrame, VectorFrame } from "../api/frames";
import { type DataFrame, type Field, frameOf, type Labels } from "../lib/dataFrame";
import { labelsText } from "../lib/fieldConfig";
import { apart, histogramCells, isNative } from "./histogramFrames";

/** Rows that a table made of whole series may have; beyond them the newest are dropped. */
const MAX_TABLE_ROWS = 100_000;

const converted = new WeakMap<Frame, Map<string, DataFrame[]>>();

/** Every answer in order; each is converted once, however often the panel is drawn. */
export function toDataFrames(frames: readonly Frame[]): DataFrame[] {
  const tables = frames.filter((frame) => frame.format === "table" && "series" in frame).length;
  return frames.flatMap((frame) => {
    const valueName = tables > 1 ? `Value #${frame.id}` : "Value";
    let byName = converted.get(frame);
    if (byName === undefined) {
      byName = new Map();
      converted.set(frame, byName);
    }
    let result = byName.get(valueName);
    if (result === undefined) {
      result = convert(frame, valueName);
      byName.set(valueName, result);
    }
    return result;
  });
}

function convert(frame: Frame, valueName: string): DataFrame[] {
  const cells = frame.kind === "matrix" || frame.kind === "vector" ? histogramCells(frame) : undefined;
  if (cells && "series" in frame) {
    const rest = { ...frame, series: frame.series.filter((series) => !isNative(series)) };
    return [...(rest.series.length > 0 ? convertPlain(rest, valueName) : []), cells];
  }
  return convertPlain(frame, valueName);
}

function convertPlain(frame: Frame, valueName: string): DataFrame[] {
  switch (frame.kind) {
    case "matrix":
      return frame.format === "table" ? [matrixTable(frame, valueName)] : matrixSeries(frame);
    case "vector":
      return frame.format === "table" ? [vectorTable(frame, valueName)] : vectorSeries(frame);
    case "scalar":
      return vectorSeries(frame);
    case "string":
      return [frameOf([{ name: "Value", type: "string", config: {}, values: [frame.value] }], { refId: frame.id })];
    case "streams":
      return [logFrame(frame)];
  }
}

const orNull = (value: number) => (Number.isNaN(value) ? null : value);

function timeField(times: ArrayLike<number>): Field {
  return { name: "Time", type: "time", config: {}, values: Array.from(times) };
}

/** One frame a series; all share the array of times, which is how charts know that nothing must be joined. */
function matrixSeries(frame: MatrixFrame): DataFrame[] {
  const times = timeField(frame.times);
  const name = legendNames(frame);
  const all = frame.format === "heatmap" ? apart(frame.series) : frame.series;
  return all.map((series, index) => {
    const values = Array.from(series.values, orNull);
    return seriesFrame(frame, { ...times }, { labels: series.labels, values, name: name(series.labels), index });
  });
}

function vectorSeries(frame: NumericFrame): DataFrame[] {
  const name = legendNames(frame);
  return frame.series.map((series, index) => {
    const times = timeField([frame.times[index] ?? Number.NaN]);
    const values = [orNull(series.values[0] ?? Number.NaN)];
    return seriesFrame(frame, times, { labels: series.labels, values, name: name(series.labels), index });
  });
}

interface NamedSeries {
  labels: Labels;
  values: (number | null)[];
  name: string;
  index: number;
}

function seriesFrame(frame: NumericFrame, times: Field, { labels, values, name }: NamedSeries): DataFrame {
  const value: Field = {
    name: "Value",
    type: "number",
    labels,
    config: { displayNameFromDS: name, interval: frame.stepMs },
    values,
  };
  return frameOf([times, value], { name, refId: frame.id, meta: { kind: "matrix", executed: frame.expr } });
}

/** Names by the legend format; without one the series in PromQL's own notation. */
function legendNames(frame: NumericFrame): (labels: Labels) => string {
  const { legend, expr } = frame;
  if (legend === "__auto") {
    return automaticNames(frame.series, expr);
  }
  if (frame.format === "heatmap" && legend === "") {
    return (labels) => labels.le ?? (metricText(labels) || expr);
  }
  if (legend !== "") {
    return (labels) => legend.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => labels[label] ?? "");
  }
  return (labels) => metricText(labels) || expr;
}

/** `name{a="b"}` */
export function metricText(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  return `${name}${labelsText(rest)}`;
}

/** Only what tells the series apart; a single such label is worth only its value. */
function automaticNames(series: readonly Series[], expr: string): (labels: Labels) => string {
  const names = new Set(series.flatMap(({ labels }) => Object.keys(labels)));
  const varying = [...names].filter((name) => {
    const first = series[0]?.labels[name];
    return series.some(({ labels }) => labels[name] !== first);
  });
  return (labels) => {
    const [only] = varying;
    if (only !== undefined && varying.length === 1) {
      return labels[only] ?? metricText(labels);
    }
    const telling = varying.length === 0 ? Object.keys(labels) : varying;
    const picked = Object.fromEntries(
      telling.filter((name) => name in labels).map((name) => [name, labels[name] ?? ""]),
    );
    return metricText(picked) || expr;
  };
}

interface Row {
  time: number;
  value: number | null;
  labels: Labels;
}

/** One row a series: Time, the labels by name, the value. */
function vectorTable(frame: VectorFrame, valueName: string): DataFrame {
  const rows = frame.series.map(
    (series, index): Row => ({
      time: frame.times[index] ?? Number.NaN,
      value: orNull(series.values[0] ?? Number.NaN),
      labels: series.labels,
    }),
  );
  return tableFrame(frame, rows, valueName);
}

function matrixTable(frame: MatrixFrame, valueName: string): DataFrame {
  const rows: Row[] = [];
  for (let point = 0; point < frame.times.length && rows.length < MAX_TABLE_ROWS; point++) {
    for (const { labels, values } of frame.series) {
      const value = values[point] ?? Number.NaN;
      if (!Number.isNaN(value)) {
        rows.push({ time: frame.times[point] ?? Number.NaN, value, labels });
      }
    }
  }
  return tableFrame(frame, rows, valueName);
}

function tableFrame(frame: NumericFrame, rows: readonly Row[], valueName: string): DataFrame {
  const names = [...new Set(frame.series.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const fields: Field[] = [
    timeField(rows.map((row) => row.time)),
    ...names.map(
      (name): Field => ({
        name,
        type: "string",
        config: { filterable: true },
        values: rows.map((row) => row.labels[name] ?? ""),
      }),
    ),
    { name: valueName, type: "number", config: {}, values: rows.map((row) => row.value) },
  ];
  return frameOf(fields, { refId: frame.id, meta: { kind: "table", executed: frame.expr } });
}

/** Log lines: time in ms, the line, the exact time, the labels. */
function logFrame(frame: StreamsFrame): DataFrame {
  const { timesNs, lines, stream, metadata } = frame.entries;
  const labels = stream.map((index, row) => {
    const own = frame.streams[index] ?? {};
    const extra = metadata[row];
    return extra ? { ...own, ...extra } : own;
  });
  return frameOf(
    [
      { name: "Time", type: "time", config: {}, values: timesNs.map((ns) => Number(ns.slice(0, -6))) },
      { name: "Line", type: "string", config: {}, values: lines },
      { name: "tsNs", type: "string", config: {}, values: timesNs },
      { name: "labels", type: "other", config: {}, values: labels },
    ],
    { refId: frame.id, meta: { kind: "logs", executed: frame.expr } },
  );
}
