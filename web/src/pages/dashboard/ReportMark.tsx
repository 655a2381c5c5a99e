/** The dashboard's description, and what became of the parts of its file. */

import { Popover } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { ImportReport, ReportItem } from "../../api/types";
import classes from "./ReportMark.module.css";

interface Props {
  report: ImportReport | undefined;
  description: string;
  source: string;
  tags: string[];
}

export function ReportMark({ report, description, source, tags }: Props) {
  const approximated = report?.approximated ?? [];
  const unknown = report?.unknown ?? [];
  return (
    <Popover position="bottom-start" width={500} trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className="iconButton"
          data-tone={unknown.length > 0 ? "warn" : undefined}
          aria-label="About this dashboard"
        >
          <IconInfoCircle size={16} stroke={1.7} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes.box}>
        {description && <p>{description}</p>}
        <p className="dim">
          {source}
          {tags.length > 0 && ` · ${tags.map((tag) => `#${tag}`).join(" ")}`}
        </p>
        <ReportView report={report} />
        {approximated.length + unknown.length === 0 && <p>Everything in its file is understood.</p>}
      </Popover.Dropdown>
    </Popover>
  );
}

export function ReportView({ report }: { report: ImportReport | undefined }) {
  return (
    <>
      <ReportList title="Not understood" items={report?.unknown ?? []} />
      <ReportList title="Shown in another way" items={report?.approximated ?? []} />
      {report && <Totals report={report} />}
    </>
  );
}

const MAX_SHOWN = 100;

function ReportList({ title, items }: { title: string; items: ReportItem[] }) {
  if (items.length === 0) return null;
  // A file repeats itself: each text once, with how often it is there.
  const counts = new Map<string, number>();
  for (const { text } of items) counts.set(text, (counts.get(text) ?? 0) + 1);
  const texts = [...counts];
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {texts.slice(0, MAX_SHOWN).map(([text, count]) => (
          <li key={text}>
            {text}
            {count > 1 && ` (${count} times)`}
          </li>
        ))}
        {texts.length > MAX_SHOWN && <li>and {texts.length - MAX_SHOWN} more</li>}
      </ul>
    </section>
  );
}

const NAMES: Record<string, string> = {
  panel: "panels",
  option: "options",
  transformation: "transformations",
  query: "queries",
  variable: "variables",
  annotation: "annotations",
  link: "links",
};

/** How much of the file is shown as written. */
function Totals({ report }: { report: ImportReport }) {
  const count = (items: ReportItem[], kind: string) => items.filter((item) => item.kind === kind).length;
  const rows = Object.entries(NAMES).flatMap(([kind, name]) => {
    const used = count(report.used, kind);
    const lost = count(report.unknown, kind);
    return used + lost > 0 ? [{ name, used, lost }] : [];
  });
  if (rows.length === 0) return null;
  return (
    <p className="dim">
      Read: {rows.map(({ name, used, lost }) => `${used} ${name}${lost > 0 ? ` (${lost} not)` : ""}`).join(", ")}.
    </p>
  );
}
