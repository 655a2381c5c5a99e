/** Which rows of a table are shown, in which order, and what its footer says. */

import type { DataFrame, Field } from "../../lib/dataFrame";
import { formattedText } from "../../lib/format";
import { reduceBy, reducerInfo } from "../../lib/reduce";
import { comparer } from "../../transformations/sortBy";
import { type Column, cellText } from "./columns";

export interface SortKey {
  name: string;
  desc: boolean;
}

/** Text filters by column name. */
export type Filters = Readonly<Record<string, string>>;

/** Row numbers after filters and sorting. */
export function visibleRows(
  frame: DataFrame,
  columns: readonly Column[],
  sort: readonly SortKey[],
  filters: Filters,
): number[] {
  const rows: number[] = [];
  const tests = columns.flatMap((column) => {
    const wanted = filters[column.name]?.trim();
    return wanted ? [cellTest(column, wanted)] : [];
  });
  for (let row = 0; row < frame.length; row++) {
    if (tests.every((test) => test(row))) {
      rows.push(row);
    }
  }
  const keys = sort.flatMap(({ name, desc }) => {
    const column = columns.find((candidate) => candidate.name === name);
    return column ? [{ compare: comparer(column.field), desc }] : [];
  });
  if (keys.length > 0) {
    rows.sort((a, b) => {
      for (const { compare, desc } of keys) {
        const order = desc ? compare(b, a) : compare(a, b);
        if (order !== 0) {
          return order;
        }
      }
      return a - b;
    });
  }
  return rows;
}

const COMPARISON = /^(>=|<=|!=|>|<|=)\s*(-?[\d.]+(?:e[+-]?\d+)?)$/i;

/** `>= 5` compares numbers, anything else is searched in the text. */
function cellTest({ field }: Column, wanted: string): (row: number) => boolean {
  const [, operator, bound] = COMPARISON.exec(wanted) ?? [];
  if (operator !== undefined && field.type === "number") {
    const limit = Number(bound);
    return (row) => holds(Number(field.values[row] ?? Number.NaN), operator, limit);
  }
  const text = wanted.toLowerCase();
  return (row) => cellText(field, row).toLowerCase().includes(text);
}

function holds(value: number, operator: string, limit: number): boolean {
  switch (operator) {
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case "!=":
      return value !== limit;
    default:
      return value === limit;
  }
}

export interface FooterOptions {
  show: boolean;
  reducers: string[];
  fields: string[];
  countRows: boolean;
}

export function footerOptions(options: unknown): FooterOptions {
  const given = (typeof options === "object" && options !== null ? options : {}) as Record<string, unknown>;
  const list = (value: unknown) =>
    Array.isArray(value) ? value.map(String) : typeof value === "string" && value ? [value] : [];
  return {
    show: given.show === true,
    reducers: list(given.reducer),
    fields: list(given.fields),
    countRows: given.countRows === true,
  };
}

/** One text a column; empty where nothing is calculated. */
export function footerTexts(columns: readonly Column[], rows: readonly number[], options: FooterOptions): string[] {
  const [id = "sum"] = options.reducers;
  const info = reducerInfo(id);
  if (options.countRows && id === "count") {
    return columns.map((_, index) => (index === 0 ? `Count: ${rows.length}` : ""));
  }
  const texts = columns.map(({ field, name, footer }) => {
    if (footer.length > 0) {
      return ownFooter(field, rows, footer);
    }
    if (!options.show) {
      return "";
    }
    const chosen = options.fields.length === 0 || options.fields.includes(name) || options.fields.includes(field.name);
    if (field.type !== "number" || !chosen || !info) {
      return "";
    }
    const result = reduceBy({ ...field, values: rows.map((row) => field.values[row]) }, info.id);
    return info.keepsUnit && field.display ? formattedText(field.display(result)) : String(result ?? "");
  });
  return options.show && texts[0] === "" && info ? [info.name, ...texts.slice(1)] : texts;
}

/** Several reducers are named, one alone is clear from its column. */
function ownFooter(field: Field, rows: readonly number[], ids: readonly string[]): string {
  return ids
    .flatMap((id) => {
      const info = reducerInfo(id);
      if (!info) {
        return [];
      }
      const result = reduceBy({ ...field, values: rows.map((row) => field.values[row]) }, info.id);
      const text = info.keepsUnit && field.display ? formattedText(field.display(result)) : String(result ?? "");
      return [ids.length > 1 || field.type !== "number" ? `${info.name}: ${text}` : text];
    })
    .join("  ");
}

/** Whether anything stands below the rows. */
export function hasFooter(columns: readonly Column[], options: FooterOptions): boolean {
  return options.show || columns.some(({ footer }) => footer.length > 0);
}
