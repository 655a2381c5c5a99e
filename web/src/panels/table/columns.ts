/** The columns of a table: what they show, how, and how wide they are. */

import { textWidth } from "../../charts/measure";
import type { DataFrame, Field } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { formattedText } from "../../lib/format";
import { oneOf } from "../options";

export type CellType =
  | { type: "auto" }
  | { type: "color-text" }
  | { type: "color-background"; solid: boolean; applyToRow: boolean }
  | { type: "gauge"; mode: "basic" | "gradient" | "lcd"; valueMode: "color" | "text" | "hidden" }
  | { type: "sparkline"; hideValue: boolean }
  | { type: "image"; alt: string; title: string }
  | { type: "json-view" }
  | { type: "pill" }
  | { type: "data-links" }
  | { type: "actions" }
  | { type: "geo" }
  | { type: "markdown" };

export interface Column {
  field: Field;
  name: string;
  cell: CellType;
  align: "left" | "center" | "right";
  width: number;
  filterable: boolean;
  wraps: boolean;
  /** The whole value can be opened. */
  inspectable: boolean;
  /** Reducers of the column's own footer. */
  footer: string[];
  /** Distance from the left edge at which the column stays when the table scrolls. */
  frozenLeft?: number;
}

export const FONT_PX = 12.5;
const DEFAULT_MIN_WIDTH = 60;
const DEFAULT_MAX_AUTO_WIDTH = 420;
const CELL_PADDING_PX = 20;
/** Rows looked at when widths are guessed. */
const SAMPLE_ROWS = 60;
const BAR_MIN_WIDTH = 150;

type Custom = Record<string, unknown>;

const record = (value: unknown): Custom => (typeof value === "object" && value !== null ? (value as Custom) : {});

/** Visible columns with widths that fill the panel; fixed widths stay as they are. */
export function tableColumns(frame: DataFrame, frames: readonly DataFrame[], available: number, frozen = 0): Column[] {
  const shown = frame.fields.filter((field) => {
    const custom = record(field.config.custom);
    if (field.type === "nestedFrames") {
      return false;
    }
    return custom.hidden !== true && record(custom.hideFrom).viz !== true;
  });
  const drafts = shown.map((field) => {
    const custom = record(field.config.custom);
    const cell = cellType(custom);
    const fixed = typeof custom.width === "number" && custom.width > 0 ? custom.width : undefined;
    const name = fieldDisplayName(field, frame, frames);
    const floor = typeof custom.minWidth === "number" ? Math.min(custom.minWidth, available) : DEFAULT_MIN_WIDTH;
    return { field, name, cell, custom, fixed, wanted: fixed ?? Math.max(floor, contentWidth(field, name, cell)) };
  });
  const widths = shareWidths(drafts, available);
  let left = 0;
  const columns = drafts.map(
    ({ field, name, cell, custom }, index): Column => ({
      field,
      name,
      cell,
      align: alignment(custom, field),
      width: widths[index] ?? DEFAULT_MIN_WIDTH,
      filterable: custom.filterable === true,
      wraps: record(custom.cellOptions).wrapText === true || custom.wrapText === true,
      inspectable: custom.inspect === true,
      footer: texts(record(custom.footer).reducers),
    }),
  );
  for (const column of columns.slice(0, Math.min(frozen, columns.length - 1))) {
    column.frozenLeft = left;
    left += column.width;
  }
  return columns;
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function alignment(custom: Custom, field: Field): Column["align"] {
  const chosen = oneOf(custom.align, ["left", "center", "right"], "left");
  if (typeof custom.align === "string" && custom.align === chosen) {
    return chosen;
  }
  return field.type === "number" ? "right" : "left";
}

/** The cell's type; older files say it by `displayMode`. */
export function cellType(custom: Custom): CellType {
  const options = record(custom.cellOptions);
  const type = String(options.type ?? custom.displayMode ?? "auto");
  switch (type) {
    case "color-text":
      return { type: "color-text" };
    case "color-background":
    case "color-background-solid":
      return {
        type: "color-background",
        solid: type.endsWith("solid") || options.mode === "basic",
        applyToRow: options.applyToRow === true,
      };
    case "gauge":
    case "basic":
    case "gradient-gauge":
    case "lcd-gauge": {
      const older = type === "lcd-gauge" ? "lcd" : type === "basic" ? "basic" : "gradient";
      const valueMode = oneOf(options.valueDisplayMode, ["color", "text", "hidden"], "text");
      return { type: "gauge", mode: oneOf(options.mode, ["basic", "gradient", "lcd"], older), valueMode };
    }
    case "sparkline":
      return { type, hideValue: options.hideValue === true };
    case "image":
      return { type, alt: String(options.alt ?? ""), title: String(options.title ?? "") };
    case "json-view":
    case "pill":
    case "data-links":
    case "actions":
    case "geo":
    case "markdown":
      return { type };
    default:
      return { type: "auto" };
  }
}

const LINE_PX = 18;
const ROW_PADDING_PX = 12;
/** Rows with wrapped text grow no higher than this where the file does not say. */
const DEFAULT_MAX_ROW_PX = 240;

/** A row's height: as many lines as its wrapped columns need. */
export function wrappedRowHeight(
  columns: readonly Column[],
  row: number,
  plainPx: number,
  maxPx = DEFAULT_MAX_ROW_PX,
): number {
  let height = plainPx;
  for (const { field, wraps, width, cell } of columns) {
    if (wraps || cell.type === "markdown") {
      const inner = Math.max(20, width - CELL_PADDING_PX);
      const lines = cellText(field, row)
        .slice(0, 5000)
        .split("\n")
        .reduce((sum, line) => sum + Math.max(1, Math.ceil((textWidth(line, FONT_PX) * 1.08) / inner)), 0);
      height = Math.max(height, Math.min(maxPx, lines * LINE_PX + ROW_PADDING_PX));
    }
  }
  return height;
}

function contentWidth(field: Field, name: string, cell: CellType): number {
  let widest = textWidth(name, FONT_PX, 500) + 18;
  const step = Math.max(1, Math.floor(field.values.length / SAMPLE_ROWS));
  for (let row = 0; row < field.values.length && cell.type !== "image"; row += step) {
    widest = Math.max(widest, textWidth(cellText(field, row), FONT_PX));
  }
  // Canvas and page round glyphs differently: a little more, or the last one is cut.
  const wanted = Math.ceil(Math.min(widest * 1.03, DEFAULT_MAX_AUTO_WIDTH)) + CELL_PADDING_PX + 2;
  return cell.type === "gauge" || cell.type === "sparkline" ? Math.max(BAR_MIN_WIDTH, wanted) : wanted;
}

/** A cell as text, unit included. */
export function cellText(field: Field, row: number): string {
  const value = field.values[row];
  return field.display ? formattedText(field.display(value)) : String(value ?? "");
}

interface Draft {
  fixed: number | undefined;
  wanted: number;
}

/** Room that is left goes to the columns in proportion; room that lacks makes the table scroll. */
function shareWidths(drafts: readonly Draft[], available: number): number[] {
  const wanted = drafts.reduce((sum, draft) => sum + draft.wanted, 0);
  const flexible = drafts.filter((draft) => draft.fixed === undefined).reduce((sum, draft) => sum + draft.wanted, 0);
  const rest = available - wanted;
  return drafts.map((draft) => {
    if (draft.fixed !== undefined || rest <= 0 || flexible === 0) {
      return Math.floor(draft.wanted);
    }
    return Math.floor(draft.wanted + (rest * draft.wanted) / flexible);
  });
}
