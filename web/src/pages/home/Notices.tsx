/** What Pharos found worth saying. Troubles stand open; remarks on files that work wait behind one line. */

import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import type { Notice } from "../../api/types";
import classes from "./HomePage.module.css";

const ORDER = { error: 0, warn: 1, info: 2 };
const FEW = 5;

export function Notices({ notices }: { notices: Notice[] }) {
  const [all, setAll] = useState(false);
  if (notices.length === 0) return null;
  const sorted = [...notices].sort((a, b) => ORDER[a.level] - ORDER[b.level]);
  const troubles = sorted.filter(({ level }) => level !== "info").slice(0, FEW);
  const shown = all ? sorted : troubles;
  const folded = sorted.length - troubles.length;
  return (
    <section aria-label="Notices">
      {shown.map((notice) => (
        <div key={`${notice.source} ${notice.message}`} className={classes.notice} data-level={notice.level}>
          {notice.level === "info" ? (
            <IconInfoCircle size={16} color="var(--info)" />
          ) : (
            <IconAlertTriangle size={16} color={`var(--${notice.level})`} />
          )}
          <span className={classes.from}>{notice.source}</span>
          <span>{notice.message}</span>
        </div>
      ))}
      {folded > 0 && (
        <button type="button" className={classes.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : offer(folded, troubles.length > 0)}
        </button>
      )}
    </section>
  );
}

function offer(count: number, more: boolean): string {
  const notes = count === 1 ? "note" : "notes";
  return more ? `Show ${count} more ${notes}` : `${count} ${notes} on the files that are read`;
}
