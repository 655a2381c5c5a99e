/** What surrounds every page: navigation, search, shortcuts, the banner for a server that is gone. */

import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { createContext, lazy, Suspense, useContext, useMemo, useState } from "react";
import { one } from "../lib/urlSearch";
import { useHotkeys } from "../state/hotkeys";
import { recall, remember } from "../state/storage";
import { useUrlSearch } from "../state/urlState";
import { ConnectionBanner } from "./ConnectionBanner";
import { NavBar } from "./NavBar";
import classes from "./Shell.module.css";

const SearchDialog = lazy(() => import("./SearchDialog").then((m) => ({ default: m.SearchDialog })));
const ShortcutsDialog = lazy(() => import("./ShortcutsDialog").then((m) => ({ default: m.ShortcutsDialog })));

interface ShellActions {
  openNav: () => void;
  openSearch: () => void;
  openShortcuts: () => void;
}

const ShellContext = createContext<ShellActions>({
  openNav: () => undefined,
  openSearch: () => undefined,
  openShortcuts: () => undefined,
});

export const useShell = () => useContext(ShellContext);

export function Shell() {
  const search = useUrlSearch();
  const solo = useLocation({ select: (location) => location.pathname.startsWith("/d-solo/") });
  const kiosk = solo || one(search, "kiosk") !== undefined;
  const narrow = useMediaQuery("(max-width: 768px)", false, { getInitialValueInEffect: false });
  const [small, setSmall] = useState(() => recall("nav-small", false));
  const [drawer, drawerActions] = useDisclosure(false);
  const [finding, finder] = useDisclosure(false);
  const [helping, help] = useDisclosure(false);
  const navigate = useNavigate();
  const go = (to: string) => void navigate({ to });

  useHotkeys([
    { keys: "mod+k", label: "Search dashboards and pages", group: "Everywhere", run: finder.toggle },
    { keys: "f", label: "Search dashboards and pages", group: "Everywhere", run: finder.open },
    { keys: "?", label: "Show the shortcuts", group: "Everywhere", run: help.toggle },
    { keys: "g h", label: "Go to Home", group: "Everywhere", run: () => go("/") },
    { keys: "g d", label: "Go to Dashboards", group: "Everywhere", run: () => go("/dashboards") },
    { keys: "g e", label: "Go to Explore", group: "Everywhere", run: () => go("/explore") },
  ]);

  const toggleSmall = () => {
    remember("nav-small", !small);
    setSmall(!small);
  };
  const actions = useMemo(
    () => ({ openNav: drawerActions.open, openSearch: finder.open, openShortcuts: help.open }),
    [drawerActions.open, finder.open, help.open],
  );

  return (
    <ShellContext value={actions}>
      <div className={classes.shell} data-nav={kiosk || narrow ? "none" : small ? "small" : "wide"}>
        <a className={classes.skip} href="#main">
          Skip to the content
        </a>
        {!kiosk && !narrow && <NavBar small={small} onToggle={toggleSmall} onNavigate={() => undefined} />}
        {narrow && drawer && (
          <>
            <button type="button" className={classes.scrim} aria-label="Close the menu" onClick={drawerActions.close} />
            <div className={classes.drawer}>
              <NavBar small={false} onToggle={drawerActions.close} onNavigate={drawerActions.close} />
            </div>
          </>
        )}
        <main id="main" className={classes.main} tabIndex={-1}>
          <ConnectionBanner />
          <Outlet />
        </main>
        <Suspense>
          {finding && <SearchDialog onClose={finder.close} />}
          {helping && <ShortcutsDialog onClose={help.close} />}
        </Suspense>
      </div>
    </ShellContext>
  );
}
