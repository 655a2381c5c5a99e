/** Home's panels: the host at a glance, and Pharos' own log. */

import { type Cell, layout } from "../../lib/dashboard/layout";
import { type DashboardModel, readDashboard } from "../../lib/dashboard/model";

interface Tile {
  title: string;
  expr: string;
  unit: string;
  legend?: string;
  max?: number;
  /** [warning, critical] */
  steps?: [number, number];
}

const FILE_SYSTEMS = 'fstype!~"tmpfs|ramfs|squashfs|overlay|devtmpfs|iso9660"';

/** A node exporter on this machine may be scraped as well: only one of the two may count. */
function tiles(host: string): Tile[] {
  const own = `job="node", instance=${JSON.stringify(host)}`;
  const rate = (name: string, more = "") => `sum(rate(${name}{${own}${more}}[$__rate_interval]))`;
  return [
    {
      title: "CPU busy",
      expr: `100 * (1 - avg(rate(node_cpu_seconds_total{${own}, mode="idle"}[$__rate_interval])))`,
      unit: "percent",
      max: 100,
      steps: [80, 95],
    },
    {
      title: "Memory used",
      expr: `100 * (1 - node_memory_MemAvailable_bytes{${own}} / node_memory_MemTotal_bytes{${own}})`,
      unit: "percent",
      max: 100,
      steps: [85, 95],
    },
    {
      title: "Fullest file system",
      expr: `100 * max(1 - node_filesystem_avail_bytes{${own}, ${FILE_SYSTEMS}} / node_filesystem_size_bytes{${own}})`,
      unit: "percent",
      max: 100,
      steps: [80, 92],
    },
    { title: "Load, 1 minute", expr: `node_load1{${own}}`, unit: "short" },
    {
      title: "Network",
      expr: `${rate("node_network_receive_bytes_total", ', device!="lo"')} + ${rate("node_network_transmit_bytes_total", ', device!="lo"')}`,
      unit: "Bps",
    },
    {
      title: "Disk reads and writes",
      expr: `${rate("node_disk_read_bytes_total")} + ${rate("node_disk_written_bytes_total")}`,
      unit: "Bps",
    },
  ];
}

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

export interface HomePanels {
  dashboard: DashboardModel;
  tiles: Cell[];
  log: Cell[];
}

export function homePanels(host: string): HomePanels {
  const panels = [...tiles(host).map(stat), LOG];
  const dashboard = readDashboard({ uid: "home", title: "Home", panels, graphTooltip: 1 });
  const cells = layout(dashboard.panels, new Map()).flatMap((section) => section.cells);
  return {
    dashboard,
    tiles: cells.filter((cell) => cell.panel.type === "stat"),
    log: cells.filter((cell) => cell.panel.type === "logs"),
  };
}
