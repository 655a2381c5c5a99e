/** Frames as plain tables, for inspection and CSV. */

import type { Frame, Labels } from "../api/frames";
import type { DataFrame } from "./dataFrame";
import { fieldDisplayName } from "./fieldConfig";
import { formattedText } from "./format";
import { inZone } from "./time";

export interface PlainTable {
  columns: string[];
  rows: number;
  cell: (row: number, column: number) => string;
}

export function labelsText(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}="${value}"`);
  return pairs.length > 0 ? `${name}{${pairs.join(", ")}}` : name || "{}";
}

const timeText = (ms: number, zone: string) => inZone(ms, zone).format("YYYY-MM-DD HH:mm:ss.SSS");
const numberText = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? "" : String(value));

/** Series side by side over time, instant vectors one series a row, log lines one a row. */
export function frameTable(frame: Frame, zone: string): PlainTable {
  switch (frame.kind) {
    case "matrix": {
      const { series, times } = frame;
      return {
        columns: ["Time", ...series.map((s) => labelsText(s.labels))],
        rows: times.length,
        cell: (row, column) =>
          column === 0 ? timeText(times[row] ?? 0, zone) : numberText(series[column - 1]?.values[row]),
      };
    }
    case "vector":
    case "scalar": {
      const names = [...new Set(frame.series.flatMap((s) => Object.keys(s.labels)))];
      return {
        columns: ["Time", ...names, "Value"],
        rows: frame.series.length,
        cell: (row, column) => {
          const series = frame.series[row];
          if (column === 0) return timeText(frame.times[row] ?? 0, zone);
          if (column === names.length + 1) return numberText(series?.values[0]);
          return series?.labels[names[column - 1] ?? ""] ?? "";
        },
      };
    }
    case "string":
      return { columns: ["Value"], rows: 1, cell: () => frame.value };
    case "streams": {
      const { timesNs, lines, stream } = frame.entries;
      return {
        columns: ["Time", "Labels", "Line"],
        rows: lines.length,
        cell: (row, column) => {
          if (column === 0) return timeText(Number(BigInt(timesNs[row] ?? "0") / 1_000_000n), zone);
          return column === 1 ? labelsText(frame.streams[stream[row] ?? 0] ?? {}) : (lines[row] ?? "");
        },
      };
    }
  }
}

/** A frame as its panel draws it: transformed, named, with units. */
export function drawnTable(frame: DataFrame, frames: readonly DataFrame[], zone: string): PlainTable {
  const fields = frame.fields.filter(({ type }) => type !== "nestedFrames");
  return {
    columns: fields.map((field) => fieldDisplayName(field, frame, frames)),
    rows: frame.length,
    cell: (row, column) => {
      const field = fields[column];
      const value = field?.values[row];
      if (value === null || value === undefined) return "";
      if (field?.type === "time" && !field.config.unit) return timeText(Number(value), zone);
      if (typeof value === "object") return JSON.stringify(value);
      return field?.display ? formattedText(field.display(value)) : String(value);
    },
  };
}

/** RFC 4180. A cell that a spreadsheet would run as a formula is kept as text. */
export function toCsv(table: PlainTable): string {
  const quote = (text: string) => {
    const safe = /^[=@\t\r]|^[+-](?!\d|Inf)/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [table.columns.map(quote).join(",")];
  for (let row = 0; row < table.rows; row++) {
    lines.push(table.columns.map((_, column) => quote(table.cell(row, column))).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}
