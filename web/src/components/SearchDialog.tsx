/** Ctrl+K: finds dashboards by name, folder and tag, and the pages. All by keyboard. */

import { Modal } from "@mantine/core";
import { IconCompass, IconHome, IconLayoutDashboard, IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useState } from "react";
import { matches, useDashboards } from "../pages/dashboards/list";
import { recentVisits, starred } from "../state/storage";
import classes from "./SearchDialog.module.css";

interface Hit {
  key: string;
  title: string;
  detail: string;
  to: string;
  icon: typeof IconHome;
}

const PAGES: Hit[] = [
  { key: "home", title: "Home", detail: "what is collected", to: "/", icon: IconHome },
  { key: "dashboards", title: "Dashboards", detail: "all of them", to: "/dashboards", icon: IconLayoutDashboard },
  { key: "explore", title: "Explore", detail: "ask a query", to: "/explore", icon: IconCompass },
];

const MAX_HITS = 50;

function useHits(text: string): Hit[] {
  const dashboards = useDashboards();
  return useMemo(() => {
    const recent = new Map(recentVisits().map((v, i) => [v.uid, i]));
    // Recent ones first, then those with a star.
    starred().forEach((v, i) => {
      if (!recent.has(v.uid)) recent.set(v.uid, 20 + i);
    });
    const found = (dashboards.data ?? [])
      .filter((d) => matches(d, text))
      .sort((a, b) => (recent.get(a.uid) ?? 99) - (recent.get(b.uid) ?? 99))
      .slice(0, MAX_HITS)
      .map((d): Hit => {
        const detail = [d.folder, ...d.tags.map((t) => `#${t}`)].filter(Boolean).join("  ");
        return { key: d.uid, title: d.title, detail, to: `/d/${d.uid}/${d.slug}`, icon: IconLayoutDashboard };
      });
    const words = text.trim().toLowerCase();
    return [...found, ...PAGES.filter((p) => p.title.toLowerCase().includes(words))];
  }, [dashboards.data, text]);
}

export function SearchDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [cursor, setCursor] = useState(0);
  const navigate = useNavigate();
  const hits = useHits(text);

  const open = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    void navigate({ to: hit.to });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setCursor((c) => (c + step + hits.length) % Math.max(1, hits.length));
    } else if (event.key === "Enter") open(hits[cursor]);
  };

  return (
    <Modal opened onClose={onClose} withCloseButton={false} padding={0} size={620} yOffset="10vh" title={null}>
      <div className={classes.box}>
        <IconSearch size={18} />
        <input
          className={classes.input}
          data-autofocus
          placeholder="Find a dashboard or a page"
          aria-label="Find a dashboard or a page"
          role="combobox"
          aria-expanded="true"
          aria-controls="search-hits"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setCursor(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div className={classes.hits} id="search-hits" role="listbox" aria-label="Found">
        {hits.map((hit, i) => (
          <button
            type="button"
            key={hit.key}
            role="option"
            aria-selected={i === cursor}
            className={classes.hit}
            onMouseMove={() => setCursor(i)}
            onClick={() => open(hit)}
            ref={i === cursor ? (node) => node?.scrollIntoView({ block: "nearest" }) : undefined}
          >
            <hit.icon size={16} stroke={1.6} />
            <span className="ellipsis">{hit.title}</span>
            <span className={classes.detail}>{hit.detail}</span>
          </button>
        ))}
        {hits.length === 0 && <p className={classes.none}>Nothing is called “{text}”.</p>}
      </div>
    </Modal>
  );
}
