/** Home's panels: the host at a glance, and Pharos' own log. */

import { layout } from "../../lib/dashboard/layout";
import { readDashboard } from "../../lib/dashboard/model";

interface Tile {
  title: string;
  expr: string;
  unit: string;
  legend?: string;
  max?: number;
  /** [warning, critical] */
  steps?: [number, number];
}

const TILES: Tile[] = [
  {
    title: "CPU busy",
    expr: '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval])))',
    unit: "percent",
    max: 100,
    steps: [80, 95],
  },
  {
    title: "Memory used",
    expr: "100 * (1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes))",
    unit: "percent",
    max: 100,
    steps: [85, 95],
  },
  {
    title: "Fullest file system",
    expr: '100 * max(1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs|iso9660"} / node_filesystem_size_bytes)',
    unit: "percent",
    max: 100,
    steps: [80, 92],
  },
  { title: "Load, 1 minute", expr: "sum(node_load1)", unit: "short" },
  {
    title: "Network",
    expr: 'sum(rate(node_network_receive_bytes_total{device!="lo"}[$__rate_interval])) + sum(rate(node_network_transmit_bytes_total{device!="lo"}[$__rate_interval]))',
    unit: "Bps",
  },
  {
    title: "Disk reads and writes",
    expr: "sum(rate(node_disk_read_bytes_total[$__rate_interval])) + sum(rate(node_disk_written_bytes_total[$__rate_interval]))",
    unit: "Bps",
  },
];

function stat({ title, expr, unit, max, steps }: Tile, i: number) {
  const [warn, critical] = steps ?? [];
  const colours = [
    { value: null, color: "blue" },
    ...(warn === undefined ? [] : [{ value: warn, color: "orange" }]),
    ...(critical === undefined ? [] : [{ value: critical, color: "red" }]),
  ];
  return {
    id: i + 1,
    type: "stat",
    title,
    gridPos: { x: (i % 6) * 4, y: 0, w: 4, h: 4 },
    targets: [{ refId: "A", expr, legendFormat: title }],
    options: {
      graphMode: "area",
      colorMode: "value",
      textMode: "value",
      justifyMode: "auto",
      orientation: "auto",
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
    },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(max === undefined ? {} : { max }),
        decimals: unit === "percent" ? 1 : null,
        color: { mode: "thresholds" },
        thresholds: { mode: "absolute", steps: colours },
      },
      overrides: [],
    },
  };
}

const LOG = {
  id: 100,
  type: "logs",
  title: "Pharos’ own log",
  gridPos: { x: 0, y: 4, w: 24, h: 10 },
  datasource: { type: "loki", uid: "pharos-logs" },
  targets: [{ refId: "A", expr: '{job="pharos"}', maxLines: 200 }],
  options: { showTime: true, wrapLogMessage: false, sortOrder: "Descending", enableLogDetails: true },
};

export const HOME = readDashboard({ uid: "home", title: "Home", panels: [...TILES.map(stat), LOG], graphTooltip: 1 });

const CELLS = layout(HOME.panels, new Map()).flatMap((section) => section.cells);
export const TILE_CELLS = CELLS.filter((cell) => cell.panel.type === "stat");
export const LOG_CELLS = CELLS.filter((cell) => cell.panel.type === "logs");
