/** What a panel gets: its model, its data and what it may ask of the page. */

import type { ComponentType } from "react";
import type { Frame } from "../api/frames";
import type { Annotation, Exemplar } from "./events";

export interface Threshold {
  value: number | null;
  color: string;
}

export interface ThresholdsConfig {
  mode: "absolute" | "percentage";
  steps: Threshold[];
}

/** Grafana's `fieldConfig.defaults`; unknown keys are kept. */
export interface FieldOptions {
  unit?: string;
  decimals?: number | null;
  min?: number | null;
  max?: number | null;
  displayName?: string;
  noValue?: string;
  color?: { mode: string; fixedColor?: string; seriesBy?: string };
  thresholds?: ThresholdsConfig;
  mappings?: ValueMapping[];
  links?: DataLink[];
  custom?: Record<string, unknown>;
  [key: string]: unknown;
}

export interface ValueMapping {
  type: string;
  options: unknown;
  [key: string]: unknown;
}

export interface DataLink {
  title?: string;
  url?: string;
  targetBlank?: boolean;
}

export interface FieldOverride {
  matcher: { id: string; options?: unknown };
  properties: { id: string; value?: unknown }[];
}

export interface FieldConfig {
  defaults: FieldOptions;
  overrides: FieldOverride[];
}

export interface Transformation {
  id: string;
  disabled?: boolean;
  options?: Record<string, unknown>;
  filter?: { id: string; options?: unknown };
}

export interface DataSourceRef {
  type?: string;
  uid?: string;
}

/** One query of a panel (Grafana's target); unknown keys are kept. */
export interface Target {
  refId: string;
  expr?: string;
  query?: string;
  legendFormat?: string;
  format?: string;
  instant?: boolean;
  range?: boolean;
  interval?: string;
  intervalFactor?: number;
  queryType?: string;
  maxLines?: number;
  hide?: boolean;
  datasource?: DataSourceRef | string | null;
  [key: string]: unknown;
}

export interface PanelLink {
  title?: string;
  url?: string;
  targetBlank?: boolean;
}

/** A panel of Grafana's v1 schema, defaults filled in. */
export interface PanelModel {
  id: number;
  type: string;
  title: string;
  description?: string;
  transparent?: boolean;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: DataSourceRef | string | null;
  targets: Target[];
  options: Record<string, unknown>;
  fieldConfig: FieldConfig;
  transformations?: Transformation[];
  links?: PanelLink[];
  timeFrom?: string | null;
  timeShift?: string | null;
  hideTimeOverride?: boolean;
  interval?: string | null;
  maxDataPoints?: number | null;
  repeat?: string;
  repeatDirection?: "h" | "v";
  maxPerRow?: number;
  collapsed?: boolean;
  panels?: PanelModel[];
  [key: string]: unknown;
}

export interface TimeRange {
  fromMs: number;
  toMs: number;
}

/** Everything a panel type's component receives. */
export interface PanelProps {
  panel: PanelModel;
  /** Before transformations: the panel applies `panel.transformations` itself. */
  frames: Frame[];
  range: TimeRange;
  /** IANA name, "browser" or "utc". */
  timeZone: string;
  theme: "dark" | "light";
  /** Size of the panel's body (without its header), CSS pixels. */
  width: number;
  height: number;
  /** Panels with the same key share their cursor. */
  syncKey: string;
  /** Dashboard's `graphTooltip`: 0 none shared, 1 shared crosshair, 2 shared crosshair and tooltip. */
  graphTooltip: 0 | 1 | 2;
  /** Replaces `$x`, `${x:fmt}`, `$__interval`... in texts and links; extra variables win. */
  interpolate: (text: string, extra?: Record<string, string>) => string;
  /** The user dragged over the time axis. */
  onZoom: (range: TimeRange) => void;
  /** The user asked for a wider range (double click). */
  onZoomOut: () => void;
  /** The dashboard's events within the range, for time charts and the list of annotations; absent means none. */
  annotations?: readonly Annotation[];
  /** Exemplars of the panel's queries that ask for them (`exemplar: true`); absent means none. */
  exemplars?: readonly Exemplar[];
  /** A label was clicked with + or -: filters the logs (absent where it means nothing). */
  onLabelFilter?: (label: string, value: string, op: "=" | "!=") => void;
}

/** One entry of the registry in `panels/registry.ts`. */
export interface PanelType {
  type: string;
  title: string;
  /** False for panels without data (text): the page then sends no query and never says "No data". */
  needsData: boolean;
  component: ComponentType<PanelProps>;
}
