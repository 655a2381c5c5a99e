/** The bar at the top of a page: where one is on the left, what one can do on the right. Stays while scrolling. */

import { IconMenu2, IconSearch } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import classes from "./PageHeader.module.css";
import { useShell } from "./Shell";

interface Props {
  title: string;
  /** Before the title, e.g. the folder. */
  crumb?: ReactNode;
  /** Right after the title. */
  mark?: ReactNode;
  children?: ReactNode;
  /** A second line below, e.g. variables. */
  below?: ReactNode;
}

export function PageHeader({ title, crumb, mark, children, below }: Props) {
  const shell = useShell();
  useEffect(() => {
    document.title = title === "Home" ? "Pharos" : `${title} · Pharos`;
  }, [title]);
  return (
    <header className={classes.header}>
      <div className={classes.line}>
        <button
          type="button"
          className={`button ${classes.menu}`}
          data-kind="quiet"
          data-icon="true"
          data-screen-only=""
          onClick={shell.openNav}
          aria-label="Open the menu"
        >
          <IconMenu2 size={18} />
        </button>
        <div className={classes.where}>
          {crumb && <span className={classes.crumb}>{crumb}</span>}
          <h1 className={classes.title} title={title}>
            {title}
          </h1>
          {mark}
        </div>
        <button
          type="button"
          className={`button ${classes.search}`}
          data-screen-only=""
          onClick={shell.openSearch}
          title="Search (Ctrl K)"
        >
          <IconSearch size={15} />
          <span>Search…</span>
          <kbd>Ctrl K</kbd>
        </button>
        {children && (
          <div className={classes.actions} data-screen-only="">
            {children}
          </div>
        )}
      </div>
      {below}
    </header>
  );
}
