/** Keyboard shortcuts: single keys, chords (`mod+k`) and sequences (`t z`); one listener for the whole page. */

import { useEffect, useRef } from "react";

export interface Hotkey {
  /** `mod+k`, `?`, `t z`, `ArrowLeft`. `mod` is Ctrl, or Command on a Mac. */
  keys: string;
  label: string;
  group: string;
  run: (event: KeyboardEvent) => void;
}

const SEQUENCE_MS = 1200;
const active: Hotkey[][] = [];
let pressed: string[] = [];
let lastMs = 0;

function nameOf(event: KeyboardEvent): string {
  const key =
    event.key.length === 1 && event.shiftKey && /[a-z]/i.test(event.key) ? event.key.toUpperCase() : event.key;
  return event.ctrlKey || event.metaKey ? `mod+${key.toLowerCase()}` : key;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.altKey || ["Control", "Shift", "Meta", "Alt"].includes(event.key) || event.defaultPrevented) return;
  const name = nameOf(event);
  if (isTyping(event.target) && name !== "mod+k") return;
  pressed = event.timeStamp - lastMs < SEQUENCE_MS ? [...pressed, name].slice(-2) : [name];
  lastMs = event.timeStamp;
  // A dialog has its own keys; these must not act on the page behind it.
  if (document.querySelector('[role="dialog"]') && !["mod+k", "?"].includes(name)) return;
  // The innermost page's shortcuts come first, sequences before their last key.
  const wanted = pressed.length === 2 ? [pressed.join(" "), name] : [name];
  for (const keys of wanted) {
    const found = active.toReversed().flatMap((group) => group.filter((h) => h.keys === keys))[0];
    if (!found) continue;
    event.preventDefault();
    pressed = [];
    found.run(event);
    return;
  }
}

if (typeof window !== "undefined") window.addEventListener("keydown", onKeyDown);

/** Shortcuts that hold while the component is on the screen. */
export function useHotkeys(hotkeys: Hotkey[]): void {
  const latest = useRef(hotkeys);
  latest.current = hotkeys;
  const signature = hotkeys.map((h) => h.keys).join("\n");
  useEffect(() => {
    // Looked up at the time of the key press: the closures of the latest render are the right ones.
    const group = signature.split("\n").map((keys, i): Hotkey => {
      const { label = "", group: name = "" } = latest.current[i] ?? {};
      return { keys, label, group: name, run: (event) => latest.current.find((h) => h.keys === keys)?.run(event) };
    });
    active.push(group);
    return () => {
      active.splice(active.indexOf(group), 1);
    };
  }, [signature]);
}

/** For the list of shortcuts. */
export function activeHotkeys(): Hotkey[] {
  return active.flat().filter((h) => h.label !== "");
}
