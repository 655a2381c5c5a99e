/** Where log lines come from - files, containers, the journal, syslog - how fast, and how far behind. */

import type { HomeStatus, TailFile, TailStatus } from "../../api/types";
import { ago, bytes, count, plural } from "../../lib/human";
import classes from "./HomePage.module.css";

const TONES = { reading: "ok", waiting: "warn", error: "error" };
const MAX_FILES = 20;

export function Tails({ home }: { home: HomeStatus }) {
  const { tails, now_ms } = home;
  const files = tails.reduce((n, t) => n + t.files_total, 0);
  return (
    <section className={classes.card} aria-label="Log sources">
      <header className={classes.cardHead}>
        <h2>Log sources</h2>
        <span className="badge">{files === 1 ? "1 file" : `${files} files`}</span>
      </header>
      <ul className={classes.list}>
        {tails.map((tail) => (
          <Tail key={`${tail.job} ${tail.path}`} tail={tail} nowMs={now_ms} />
        ))}
      </ul>
      {tails.length === 0 && (
        <p className={classes.none}>
          No sources are read. Start Pharos with <code>--promtail-config promtail.yml</code>, send a program's output
          with <code>… | pharos push</code>, or push lines to <code>/loki/api/v1/push</code>.
        </p>
      )}
    </section>
  );
}

/** What is known of a source, in one line: `1.2 K lines · 40 lines/s · 3 MiB behind · last 2 s ago`. */
export function figures(tail: TailStatus, nowMs: number): string {
  if (tail.lines === 0) return tail.lag_bytes > 0 ? `no lines yet · ${bytes(tail.lag_bytes)} behind` : "no lines yet";
  const parts = [plural(tail.lines, "line")];
  if (tail.lines_per_second >= 0.05) parts.push(`${count(tail.lines_per_second)} lines/s`);
  if (tail.dropped_lines > 0) parts.push(`${count(tail.dropped_lines)} dropped by stages`);
  if (tail.lag_bytes > 0) parts.push(`${bytes(tail.lag_bytes)} behind`);
  parts.push(`last ${ago(tail.last_line_ms, nowMs)}`);
  return parts.join(" · ");
}

/** Files with an error first, then those that are behind: they are what one looks for. */
export function mostTelling(files: TailFile[]): TailFile[] {
  const rank = (file: TailFile) => (file.last_error ? 2 : file.offset < file.size ? 1 : 0);
  return [...files].sort((a, b) => rank(b) - rank(a)).slice(0, MAX_FILES);
}

function Tail({ tail, nowMs }: { tail: TailStatus; nowMs: number }) {
  const shown = mostTelling(tail.files);
  return (
    <li className={classes.item}>
      <span
        className={classes.dot}
        data-tone={TONES[tail.state]}
        role="img"
        aria-label={tail.state}
        title={tail.state}
      />
      <span className={classes.name} title={tail.path}>
        <b>{tail.job}</b>
        {tail.path}
      </span>
      <span className={classes.figures}>{figures(tail, nowMs)}</span>
      {tail.hint && <span className={classes.detail}>{tail.hint}</span>}
      {shown.map((file) => (
        <span key={file.path} className={file.last_error ? classes.fault : classes.detail}>
          {file.path}
          {file.last_error
            ? `: ${file.last_error}`
            : file.size > 0 && `: ${bytes(file.offset)} of ${bytes(file.size)} read`}
        </span>
      ))}
      {tail.files_total > shown.length && (
        <span className={classes.detail}>and {count(tail.files_total - shown.length)} more</span>
      )}
    </li>
  );
}
