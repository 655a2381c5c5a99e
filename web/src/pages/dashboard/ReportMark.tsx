/** The dashboard's description, and what of its file was not understood. */

import { Popover } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { ImportReport } from "../../api/types";
import classes from "./ReportMark.module.css";

export function ReportMark({ report, description }: { report: ImportReport | undefined; description: string }) {
  const approximated = report?.approximated ?? [];
  const unknown = report?.unknown ?? [];
  const doubts = approximated.length + unknown.length;
  if (doubts === 0 && !description) return null;
  return (
    <Popover position="bottom-start" width={460} trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className={classes.mark}
          data-doubts={unknown.length > 0}
          aria-label="About this dashboard"
        >
          <IconInfoCircle size={16} stroke={1.7} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes.box}>
        {description && <p>{description}</p>}
        <ReportList title="Not understood" items={unknown} />
        <ReportList title="Shown in another way" items={approximated} />
      </Popover.Dropdown>
    </Popover>
  );
}

function ReportList({ title, items }: { title: string; items: string[] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </section>
  );
}
