/** `?`: the shortcuts that work on this page. */

import { Modal } from "@mantine/core";
import { useState } from "react";
import { activeHotkeys, type Hotkey } from "../state/hotkeys";
import classes from "./ShortcutsDialog.module.css";

const KEY_NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
};

function keysOf(keys: string): string[] {
  return keys.split(/[ +]/).map((key) => {
    if (key === "mod") return /mac/i.test(navigator.userAgent) ? "⌘" : "Ctrl";
    return KEY_NAMES[key] ?? (/^[A-Z]$/.test(key) ? `Shift ${key}` : key);
  });
}

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const [groups] = useState(() => {
    const found = new Map<string, Hotkey[]>();
    for (const hotkey of activeHotkeys()) found.set(hotkey.group, [...(found.get(hotkey.group) ?? []), hotkey]);
    return [...found];
  });
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size={720}>
      <div className={classes.groups}>
        {groups.map(([name, hotkeys]) => (
          <section key={name}>
            <h2>{name}</h2>
            <dl>
              {hotkeys.map((hotkey) => (
                <div key={hotkey.keys}>
                  <dt>
                    {keysOf(hotkey.keys).map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{hotkey.label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
