/** The columnar table that panels and transformations work on: a frame is a list of named, typed columns. */

export type FieldType = "time" | "number" | "string" | "boolean" | "other" | "frame" | "nestedFrames";

export type Labels = Readonly<Record<string, string>>;

/** One step of a threshold scale; the base step has no lower bound. */
export interface ThresholdStep {
  value: number | null;
  color: string;
}

export interface Thresholds {
  mode?: "absolute" | "percentage";
  steps: ThresholdStep[];
}

export interface MappingResult {
  text?: string;
  color?: string;
  icon?: string;
  index?: number;
}

export type ValueMapping =
  | { type: "value"; options: Record<string, MappingResult> }
  | { type: "range"; options: { from?: number | null; to?: number | null; result: MappingResult } }
  | { type: "regex"; options: { pattern: string; result: MappingResult } }
  | { type: "special"; options: { match: string; result: MappingResult } };

export interface FieldColor {
  mode?: string;
  fixedColor?: string;
  seriesBy?: "last" | "min" | "max";
}

export interface DataLink {
  title?: string;
  url?: string;
  targetBlank?: boolean;
}

export interface FieldConfig {
  displayName?: string;
  displayNameFromDS?: string;
  unit?: string;
  /** False writes numbers in full instead of with k, M, G. */
  unitScale?: boolean;
  decimals?: number | null;
  min?: number | null;
  max?: number | null;
  fieldMinMax?: boolean;
  noValue?: string;
  color?: FieldColor;
  thresholds?: Thresholds;
  mappings?: ValueMapping[];
  links?: DataLink[];
  /** Grafana's actions: shown by name. */
  actions?: { title?: unknown }[];
  filterable?: boolean;
  /** Milliseconds between points, when the query knew. */
  interval?: number;
  // Options of the panel type; each panel reads its own part.
  custom?: Record<string, unknown>;
}

export interface DisplayValue {
  text: string;
  prefix?: string;
  suffix?: string;
  /** NaN where the value is no number. */
  numeric: number;
  color: string;
  /** Position between the field's min and max, 0 to 1. */
  percent?: number;
  title?: string;
}

export type DisplayProcessor = (value: unknown, adjacentDecimals?: number) => DisplayValue;

export interface FieldState {
  displayName?: string;
  /** Position among the numeric fields of all frames; picks the palette colour. */
  seriesIndex?: number;
  range?: { min: number | null; max: number | null; delta: number };
}

export interface Field {
  name: string;
  type: FieldType;
  /** Missing numbers are null. */
  values: readonly unknown[];
  labels?: Labels;
  config: FieldConfig;
  display?: DisplayProcessor;
  state?: FieldState;
}

export interface DataFrame {
  name?: string;
  refId?: string;
  fields: Field[];
  length: number;
  meta?: { kind?: "matrix" | "vector" | "table" | "logs" | "heatmap-cells"; executed?: string };
}

/** A series within one cell (fields of type `frame`): its course and the value that speaks for it. */
export interface Trend extends DataFrame {
  value: number | null;
}

export function isTrend(value: unknown): value is Trend {
  return typeof value === "object" && value !== null && "fields" in value && "value" in value;
}

/** A frame whose length is that of its longest column. */
export function frameOf(fields: Field[], rest: Omit<DataFrame, "fields" | "length"> = {}): DataFrame {
  return { ...rest, fields, length: fields.reduce((longest, field) => Math.max(longest, field.values.length), 0) };
}

export function timeFieldOf(frame: DataFrame): Field | undefined {
  return frame.fields.find((field) => field.type === "time");
}

/** The values as numbers; anything that is none is null. */
export function numbersOf(field: Field): (number | null)[] {
  return field.values as (number | null)[];
}

/** What a column of loose values holds, judged by the first value that is there. */
export function guessFieldType(values: readonly unknown[]): FieldType {
  for (const value of values) {
    if (value === null || value === undefined) {
      continue;
    }
    switch (typeof value) {
      case "number":
        return "number";
      case "boolean":
        return "boolean";
      case "string":
        return "string";
      default:
        return "other";
    }
  }
  return "other";
}
