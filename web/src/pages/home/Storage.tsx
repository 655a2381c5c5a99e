/** How much is kept, and how much room is left. */

import type { ReactNode } from "react";
import type { HomeStatus } from "../../api/types";
import { bytes, count, plural } from "../../lib/human";
import { formatTime } from "../../lib/time";
import classes from "./HomePage.module.css";

/** Above this share of the disk the bar turns red. */
const NEARLY_FULL = 0.92;

export function Storage({ home }: { home: HomeStatus }) {
  const { metrics, logs, disk } = home;
  const used = disk.total_bytes > 0 ? 1 - disk.free_bytes / disk.total_bytes : 0;
  const since = metrics.min_time_ms
    ? `since ${formatTime(metrics.min_time_ms, "browser").slice(0, 16)}`
    : "nothing yet";
  return (
    <section className={classes.card} aria-label="Storage">
      <header className={classes.cardHead}>
        <h2>Storage</h2>
        <span className="dim mono ellipsis">{disk.data_dir}</span>
      </header>
      <dl className={classes.storage} style={{ margin: 0 }}>
        <Figure name="Active series" value={count(metrics.active_series)} detail={since} />
        <Figure
          name="Samples received"
          value={count(metrics.appended_samples)}
          detail={`${count(metrics.head_samples)} in memory`}
        />
        <Figure
          name="Metrics on disk"
          value={bytes(metrics.disk_bytes)}
          detail={plural(metrics.partitions, "partition")}
        />
        <Figure name="Log streams" value={count(logs.streams)} detail={plural(logs.entries, "line")} />
        <Figure
          name="Log text"
          value={bytes(logs.bytes)}
          detail={`${plural(logs.appended_entries, "line")} since the start`}
        />
        <Figure name="Logs on disk" value={bytes(logs.disk_bytes)} detail={plural(logs.blocks, "block")} />
        <Figure name="Disk free" value={bytes(disk.free_bytes)} detail={`of ${bytes(disk.total_bytes)}`}>
          <div className={classes.bar}>
            <div style={{ width: `${used * 100}%` }} data-tone={used > NEARLY_FULL ? "error" : undefined} />
          </div>
        </Figure>
      </dl>
    </section>
  );
}

interface FigureProps {
  name: string;
  value: string;
  detail: string;
  children?: ReactNode;
}

function Figure({ name, value, detail, children }: FigureProps) {
  return (
    <div className={classes.figure}>
      <dt>{name}</dt>
      <dd>
        {value}
        <small>{detail}</small>
        {children}
      </dd>
    </div>
  );
}
