/** The scrape targets: what is down comes first, with its last error. */

import type { HomeStatus, TargetStatus } from "../../api/types";
import { ago, count, span } from "../../lib/human";
import classes from "./HomePage.module.css";

const TONES = { up: "ok", down: "error", unknown: "warn" };
const ORDER = { down: 0, unknown: 1, up: 2 };

export function sortTargets(targets: TargetStatus[]): TargetStatus[] {
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return [...targets].sort(
    (a, b) => ORDER[a.health] - ORDER[b.health] || compare(a.job, b.job) || compare(a.instance, b.instance),
  );
}

export function Targets({ home }: { home: HomeStatus }) {
  const { targets, now_ms } = home;
  const down = targets.filter((t) => t.health === "down").length;
  const up = targets.filter((t) => t.health === "up").length;
  return (
    <section className={classes.card} aria-label="Scrape targets">
      <header className={classes.cardHead}>
        <h2>Scrape targets</h2>
        {down > 0 && (
          <span className="badge" data-tone="error">
            {down} down
          </span>
        )}
        <span className="badge" data-tone="ok">
          {up} up
        </span>
      </header>
      <ul className={classes.list}>
        {sortTargets(targets).map((target) => (
          <li key={`${target.job} ${target.instance} ${target.url}`} className={classes.item}>
            <span
              className={classes.dot}
              data-tone={TONES[target.health]}
              role="img"
              aria-label={target.health}
              title={target.health}
            />
            <span className={classes.name} title={target.url}>
              <b>{target.job}</b>
              {target.instance}
            </span>
            <span className={classes.figures}>{figures(target, now_ms)}</span>
            {target.last_error && <span className={classes.fault}>{target.last_error}</span>}
          </li>
        ))}
      </ul>
      {targets.length === 0 && (
        <p className={classes.none}>
          Nothing is scraped. Start Pharos with <code>--prometheus-config prometheus.yml</code> to add your targets.
        </p>
      )}
    </section>
  );
}

function figures(target: TargetStatus, nowMs: number): string {
  if (target.health === "unknown") return "not scraped yet";
  const parts = [
    `${count(target.samples)} samples`,
    `in ${span(target.duration_ms)}`,
    ago(target.last_scrape_ms, nowMs),
  ];
  return parts.join(" · ");
}
