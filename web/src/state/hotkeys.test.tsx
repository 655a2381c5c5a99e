import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, expect, test } from "vitest";
import { activeHotkeys, type Hotkey, useHotkeys } from "./hotkeys";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let root: Root | undefined;
const pressed: string[] = [];

function Keys({ keys }: { keys: string[] }) {
  useHotkeys(keys.map((k): Hotkey => ({ keys: k, label: k, group: "test", run: () => pressed.push(k) })));
  return null;
}

function press(key: string, rest: KeyboardEventInit = {}, target: EventTarget = document.body) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...rest }));
}

afterEach(() => {
  act(() => root?.unmount());
  pressed.length = 0;
  document.body.innerHTML = "";
});

test("keys, chords and sequences", () => {
  root = createRoot(document.createElement("div"));
  act(() => root?.render(<Keys keys={["mod+k", "t z", "z", "?", "d E", "Escape"]} />));
  press("k", { ctrlKey: true });
  press("t");
  press("z");
  press("z");
  press("?", { shiftKey: true });
  press("d");
  press("Shift", { shiftKey: true });
  press("E", { shiftKey: true });
  press("x");
  expect(pressed).toEqual(["mod+k", "t z", "z", "?", "d E"]);
  expect(activeHotkeys().map((h) => h.keys)).toContain("t z");
});

test("typing and dialogs keep their keys", () => {
  root = createRoot(document.createElement("div"));
  act(() => root?.render(<Keys keys={["mod+k", "v"]} />));
  const input = document.createElement("input");
  document.body.append(input);
  press("v", {}, input);
  press("k", { ctrlKey: true }, input);
  expect(pressed).toEqual(["mod+k"]);
  const dialog = document.createElement("div");
  dialog.setAttribute("role", "dialog");
  document.body.append(dialog);
  press("v");
  expect(pressed).toEqual(["mod+k"]);
});

test("what has left the screen no longer listens", () => {
  root = createRoot(document.createElement("div"));
  act(() => root?.render(<Keys keys={["v"]} />));
  act(() => root?.unmount());
  press("v");
  expect([pressed, activeHotkeys()]).toEqual([[], []]);
});
