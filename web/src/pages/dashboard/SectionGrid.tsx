/** One row of a dashboard: its title, and its panels in a grid of 24 columns. */

import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import type { CSSProperties } from "react";
import type { Section } from "../../lib/dashboard/layout";
import { interpolate } from "../../lib/interpolate/interpolate";
import { useDashboardState } from "./context";
import { PanelCard } from "./PanelCard";
import classes from "./SectionGrid.module.css";

interface Props {
  section: Section;
  open: boolean;
  onToggle: (open: boolean) => void;
}

export function SectionGrid({ section, open, onToggle }: Props) {
  const { scope } = useDashboardState();
  const { row, cells } = section;
  const title = row && scope ? interpolate(row.title, new Map([...scope, ...row.scoped])) : "";
  return (
    <section className={classes.section}>
      {row && !row.hideHeader && (
        <button type="button" className={classes.row} aria-expanded={open} onClick={() => onToggle(!open)}>
          {open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
          <h2>{title || "Row"}</h2>
          {!open && <span>{cells.length === 1 ? "1 panel" : `${cells.length} panels`}</span>}
        </button>
      )}
      {open && (
        <div className={classes.grid}>
          {cells.map((cell) => (
            <div
              key={cell.key}
              className={classes.cell}
              style={
                {
                  "--column": `${cell.box.x + 1} / span ${cell.box.w}`,
                  "--row": `${cell.box.y + 1} / span ${cell.box.h}`,
                  "--height": cell.box.h,
                } as CSSProperties
              }
            >
              <PanelCard cell={cell} />
            </div>
          ))}
        </div>
      )}
    </section>
  );
}
