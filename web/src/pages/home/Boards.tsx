/** The dashboards that one most likely wants: those with a star, those looked at last, then the others by name. */

import { IconLayoutDashboard, IconStarFilled } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { DashboardMeta } from "../../api/types";
import { useStars } from "../../state/stars";
import { recentVisits, type Visit } from "../../state/storage";
import { useDashboards } from "../dashboards/list";
import classes from "./HomePage.module.css";

const MOST = 8;

export function Boards() {
  const { data = [] } = useDashboards();
  const stars = useStars();
  const chosen = chooseBoards(data, stars, recentVisits());
  if (chosen.length === 0) return null;
  return (
    <nav className={classes.boards} aria-label="Dashboards at hand">
      <h2>Dashboards</h2>
      {chosen.map(({ uid, slug, title }) => (
        <Link
          key={uid}
          to="/d/$uid/{-$slug}"
          params={{ uid, slug } as never}
          className="button"
          data-starred={stars.has(uid)}
        >
          {stars.has(uid) ? <IconStarFilled size={14} /> : <IconLayoutDashboard size={15} stroke={1.6} />} {title}
        </Link>
      ))}
      {data.length > chosen.length && (
        <Link to="/dashboards" className="button" data-kind="quiet">
          All {data.length}
        </Link>
      )}
    </nav>
  );
}

/** Stars first, then what was looked at last, then by name; broken files never. */
export function chooseBoards(
  all: readonly DashboardMeta[],
  stars: ReadonlySet<string>,
  recent: readonly Visit[],
): DashboardMeta[] {
  const place = (uid: string) => recent.findIndex((visit) => visit.uid === uid);
  const rank = ({ uid }: DashboardMeta) => (stars.has(uid) ? -1 : place(uid) < 0 ? recent.length : place(uid));
  return all
    .filter((d) => !d.error)
    .sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title, undefined, { numeric: true }))
    .slice(0, MOST);
}
