/** A dashboard variable as Grafana stores it, and what a selection of it is. */

export interface VariableOption {
  text: string;
  value: string;
}

export interface VariableModel {
  name: string;
  /** `query`, `custom`, `interval`, `textbox`, `constant`, `datasource`, `adhoc`, `switch`, `groupby`. */
  type: string;
  label?: string | null;
  description?: string | null;
  /** 0 shown, 1 without its label, 2 hidden. */
  hide?: number | string;
  query?: unknown;
  definition?: string;
  regex?: string;
  sort?: number | string;
  /** 1 on load, 2 on every change of the time range. */
  refresh?: number | boolean | string;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string | null;
  current?: { text?: unknown; value?: unknown } | null;
  options?: { text?: unknown; value?: unknown; selected?: boolean }[];
  datasource?: { type?: string; uid?: string } | string | null;
  auto?: boolean;
  auto_min?: string;
  auto_count?: number;
  /** Not in the URL: the selection lives as long as the page. */
  skipUrlSync?: boolean;
  /** Listed beside what the query gives. */
  staticOptions?: { text?: unknown; value?: unknown }[];
  staticOptionsOrder?: "before" | "after" | "sorted";
  /** Whether a value that is not listed may be typed; on unless the file says no. */
  allowCustomValue?: boolean;
  /** `json`: a custom list written as JSON. */
  valuesFormat?: string;
  /** Of ad hoc filters: conditions chosen, and those always in force. */
  filters?: unknown;
  baseFilters?: unknown;
  defaultKeys?: { text?: unknown; value?: unknown }[] | null;
  /** Of a switch. */
  enabledValue?: unknown;
  disabledValue?: unknown;
}

/** A variable with its options loaded and its selection settled. */
export interface VariableState {
  model: VariableModel;
  options: VariableOption[];
  /** Selected values; `[ALL]` for All. */
  selected: string[];
  error: string | null;
}

export const ALL = "$__all";
export const AUTO = "$__auto";

export function isAll(selected: readonly string[]): boolean {
  return selected.length === 1 && selected[0] === ALL;
}

export function asStrings(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** The query's text; Grafana stores a string, or an object of the data source's editor. */
export function queryText(model: VariableModel): string {
  const { query } = model;
  if (typeof query === "string") return query;
  if (query && typeof query === "object") {
    const record = query as Record<string, unknown>;
    if (typeof record.query === "string") return record.query;
    if (typeof record.expr === "string") return record.expr;
    if (typeof record.label === "string" && record.label) {
      const stream = typeof record.stream === "string" ? record.stream.trim() : "";
      return stream ? `label_values(${stream}, ${record.label})` : `label_values(${record.label})`;
    }
    if (record.type === 0) return "label_names()";
  }
  return model.definition ?? "";
}
