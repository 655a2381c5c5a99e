/** The navigation on the left: wide with names, or small with icons. */

import { Tooltip, useMantineColorScheme } from "@mantine/core";
import {
  IconActivity,
  IconChevronsLeft,
  IconChevronsRight,
  IconCompass,
  IconDeviceDesktop,
  IconHome,
  IconKeyboard,
  IconLayoutDashboard,
  IconMoon,
  IconSun,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ComponentType, ReactNode } from "react";
import { homeDashboard } from "../state/storage";
import classes from "./NavBar.module.css";
import { useShell } from "./Shell";

interface Entry {
  to: string;
  label: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  /** Other paths at which the entry is marked. */
  also?: string;
}

const ENTRIES: Entry[] = [
  { to: "/", label: "Home", icon: IconHome },
  { to: "/dashboards", label: "Dashboards", icon: IconLayoutDashboard, also: "/d/" },
  { to: "/explore", label: "Explore", icon: IconCompass },
];

/** Beside a dashboard that opens first, what Pharos says of itself has its own entry. */
const STATUS: Entry = { to: "/status", label: "Status", icon: IconActivity };

interface Props {
  small: boolean;
  onToggle: () => void;
  onNavigate: () => void;
}

export function NavBar({ small, onToggle, onNavigate }: Props) {
  const shell = useShell();
  return (
    <nav className={classes.nav} data-small={small} aria-label="Main">
      <Link to="/" className={classes.brand} onClick={onNavigate} aria-label="Pharos, home">
        <img src="/pharos.svg" alt="" width={26} height={26} />
        {!small && <span>Pharos</span>}
      </Link>
      <div className={classes.entries}>
        {ENTRIES.map((entry) => (
          <NavLink key={entry.to} entry={entry} small={small} onNavigate={onNavigate} />
        ))}
        {homeDashboard() && <NavLink entry={STATUS} small={small} onNavigate={onNavigate} />}
      </div>
      <div className={classes.foot}>
        <ThemeButton small={small} />
        <NavButton
          small={small}
          label="Shortcuts"
          icon={<IconKeyboard size={18} stroke={1.7} />}
          onClick={shell.openShortcuts}
        />
        <NavButton
          small={small}
          label={small ? "Show names" : "Collapse"}
          icon={small ? <IconChevronsRight size={18} stroke={1.7} /> : <IconChevronsLeft size={18} stroke={1.7} />}
          onClick={onToggle}
        />
      </div>
    </nav>
  );
}

function NavLink({ entry, small, onNavigate }: { entry: Entry; small: boolean; onNavigate: () => void }) {
  const marked = entry.also !== undefined && location.pathname.startsWith(entry.also);
  return (
    <Tooltip label={entry.label} position="right" disabled={!small}>
      <Link
        to={entry.to}
        className={classes.entry}
        activeOptions={{ exact: entry.to === "/", includeSearch: false }}
        data-marked={marked}
        onClick={onNavigate}
        aria-label={entry.label}
      >
        <entry.icon size={18} stroke={1.7} />
        {!small && <span>{entry.label}</span>}
      </Link>
    </Tooltip>
  );
}

interface ButtonProps {
  small: boolean;
  label: string;
  icon: ReactNode;
  onClick: () => void;
}

function NavButton({ small, label, icon, onClick }: ButtonProps) {
  return (
    <Tooltip label={label} position="right" disabled={!small}>
      <button type="button" className={classes.entry} onClick={onClick} aria-label={label}>
        {icon}
        {!small && <span>{label}</span>}
      </button>
    </Tooltip>
  );
}

const NEXT = { auto: "dark", dark: "light", light: "auto" } as const;
const THEME_NAMES = { auto: "System theme", dark: "Dark theme", light: "Light theme" };
const THEME_ICONS = { auto: IconDeviceDesktop, dark: IconMoon, light: IconSun };

function ThemeButton({ small }: { small: boolean }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = THEME_ICONS[colorScheme];
  return (
    <NavButton
      small={small}
      label={THEME_NAMES[colorScheme]}
      icon={<Icon size={18} stroke={1.7} />}
      onClick={() => setColorScheme(NEXT[colorScheme])}
    />
  );
}
