/** Programs on this machine that have metrics: one click and they are watched. */

import { useState } from "react";
import { postJson } from "../../api/client";
import type { FoundProgram } from "../../api/types";
import classes from "./HomePage.module.css";

/** What is said of a program behind its name. */
export function standing(program: FoundProgram): string {
  if (program.job) return `scraped by job ${program.job}`;
  return program.watched ? "watched" : "not watched";
}

export function FoundPrograms({ programs, onDecided }: { programs: FoundProgram[]; onDecided: () => void }) {
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState("");
  // What the configuration scrapes already is among the targets.
  const shown = programs.filter((program) => !program.job);
  if (shown.length === 0) return null;
  const decide = async (program: FoundProgram) => {
    setBusy(program.id);
    setFailure("");
    try {
      await postJson("/api/pharos/v1/found", { id: program.id, watch: !program.watched });
      onDecided();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy("");
    }
  };
  return (
    <section className={classes.card} aria-label="Found on this machine">
      <header className={classes.cardHead}>
        <h2>Found on this machine</h2>
      </header>
      <ul className={classes.list}>
        {shown.map((program) => (
          <li key={program.id} className={classes.item}>
            <span
              className={classes.dot}
              data-tone={program.watched ? "ok" : "warn"}
              role="img"
              aria-label={standing(program)}
              title={standing(program)}
            />
            <span className={classes.name} title={program.command}>
              <b>{program.title}</b>
              {program.address}
            </span>
            <span className={classes.figures}>
              <button
                type="button"
                className="button"
                disabled={busy === program.id}
                aria-label={`${program.watched ? "Stop watching" : "Watch"} ${program.title} at ${program.address}`}
                onClick={() => void decide(program)}
              >
                {program.watched ? "Stop watching" : "Watch"}
              </button>
            </span>
          </li>
        ))}
      </ul>
      {failure && <p className={classes.none}>{failure}</p>}
    </section>
  );
}
