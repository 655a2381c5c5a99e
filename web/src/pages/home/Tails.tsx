/** The log files that are followed, and how far each has been read. */

import type { HomeStatus, TailStatus } from "../../api/types";
import { ago, bytes, plural } from "../../lib/human";
import classes from "./HomePage.module.css";

const TONES = { reading: "ok", waiting: "warn", error: "error" };
const MAX_FILES = 20;

export function Tails({ home }: { home: HomeStatus }) {
  const { tails, now_ms } = home;
  const files = tails.reduce((n, t) => n + t.files.length, 0);
  return (
    <section className={classes.card} aria-label="Log files">
      <header className={classes.cardHead}>
        <h2>Log files</h2>
        <span className="badge">{files === 1 ? "1 file" : `${files} files`}</span>
      </header>
      <ul className={classes.list}>
        {tails.map((tail) => (
          <Tail key={`${tail.job} ${tail.path}`} tail={tail} nowMs={now_ms} />
        ))}
      </ul>
      {tails.length === 0 && (
        <p className={classes.none}>
          No files are followed. Start Pharos with <code>--promtail-config promtail.yml</code>, or push lines to{" "}
          <code>/loki/api/v1/push</code>.
        </p>
      )}
    </section>
  );
}

function Tail({ tail, nowMs }: { tail: TailStatus; nowMs: number }) {
  const lines = tail.files.reduce((n, f) => n + f.lines, 0);
  const last = Math.max(0, ...tail.files.map((f) => f.last_line_ms));
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
      <span className={classes.figures}>
        {lines === 0 ? "no lines yet" : `${plural(lines, "line")} · last ${ago(last, nowMs)}`}
      </span>
      {tail.hint && <span className={classes.detail}>{tail.hint}</span>}
      {tail.files.slice(0, MAX_FILES).map((file) => (
        <span key={file.path} className={file.last_error ? classes.fault : classes.detail}>
          {file.path}: {file.last_error || `${bytes(file.offset)} of ${bytes(file.size)} read`}
        </span>
      ))}
    </li>
  );
}
