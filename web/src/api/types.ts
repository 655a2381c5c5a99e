/** Pharos' own API, as `server/api/README.md` describes it. */

export interface TargetStatus {
  job: string;
  instance: string;
  url: string;
  health: "up" | "down" | "unknown";
  last_error: string;
  last_scrape_ms: number;
  duration_ms: number;
  interval_ms: number;
  samples: number;
  labels: Record<string, string>;
}

export interface TailFile {
  path: string;
  size: number;
  offset: number;
  last_error: string;
  lines: number;
  last_line_ms: number;
}

export interface TailStatus {
  job: string;
  path: string;
  state: "reading" | "waiting" | "error";
  hint: string;
  files: TailFile[];
  files_total: number;
  lines: number;
  lines_per_second: number;
  lag_bytes: number;
  dropped_lines: number;
  last_line_ms: number;
}

export interface Notice {
  level: "info" | "warn" | "error";
  source: string;
  message: string;
}

export interface HomeStatus {
  version: string;
  started_ms: number;
  now_ms: number;
  hostname: string;
  collecting: boolean;
  metrics: {
    active_series: number;
    head_samples: number;
    partitions: number;
    disk_bytes: number;
    appended_samples: number;
    min_time_ms: number | null;
    max_time_ms: number | null;
  };
  logs: {
    streams: number;
    blocks: number;
    entries: number;
    bytes: number;
    disk_bytes: number;
    appended_entries: number;
  };
  disk: { data_dir: string; free_bytes: number; total_bytes: number };
  targets: TargetStatus[];
  tails: TailStatus[];
  found: FoundProgram[];
  notices: Notice[];
}

/** A program on this machine that has metrics. */
export interface FoundProgram {
  id: string;
  kind: string;
  title: string;
  address: string;
  pid: number;
  command: string;
  /** Whether it is watched by itself. */
  watched: boolean;
  /** The job of the configuration that scrapes it; empty if none does. */
  job: string;
}

export interface DashboardMeta {
  uid: string;
  title: string;
  tags: string[];
  folder: string;
  slug: string;
  source: string;
  error: string | null;
}

/** A part of a dashboard's file: `kind` is panel, option, query, … */
export interface ReportItem {
  kind: string;
  text: string;
}

export interface ImportReport {
  used: ReportItem[];
  approximated: ReportItem[];
  unknown: ReportItem[];
  /** Items beyond the bound of a list. */
  omitted: number;
}

export interface DashboardAnswer {
  meta: DashboardMeta;
  dashboard: Record<string, unknown>;
  report: ImportReport;
}

/** One query of a batch, as it goes over the wire. */
export interface WireQuery {
  id: string;
  kind: "promql" | "logql";
  expr: string;
  start_ms?: number;
  end_ms: number;
  step_ms?: number;
  instant?: boolean;
  limit?: number;
  direction?: "backward" | "forward";
}
