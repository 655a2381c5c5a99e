/** What Pharos found worth saying: unknown keys in files, corrupted blocks, a disk that fills up. */

import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import type { Notice } from "../../api/types";
import classes from "./HomePage.module.css";

const ORDER = { error: 0, warn: 1, info: 2 };
const FEW = 3;

export function Notices({ notices }: { notices: Notice[] }) {
  const [all, setAll] = useState(false);
  if (notices.length === 0) return null;
  const sorted = [...notices].sort((a, b) => ORDER[a.level] - ORDER[b.level]);
  const shown = all ? sorted : sorted.slice(0, FEW);
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
      {sorted.length > FEW && (
        <button type="button" className={classes.more} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show ${sorted.length - FEW} more`}
        </button>
      )}
    </section>
  );
}
