import { expect, test } from "vitest";
import type { PanelModel } from "../../panels/types";
import { single, type Value } from "../interpolate/interpolate";
import { findCell, layout } from "./layout";
import { readDashboard } from "./model";

const grid = (x: number, y: number, w: number, h: number) => ({ x, y, w, h });
const panel = (id: number, gridPos: PanelModel["gridPos"], rest: Partial<PanelModel> = {}) => ({
  id,
  type: "stat",
  title: `p${id}`,
  gridPos,
  ...rest,
});
const hosts: Value = { values: ["a", "b", "c"], text: "a + b + c", multi: true };
const SCOPE = new Map([["host", hosts]]);

function check(panels: object[], expected: string[]) {
  const sections = layout(readDashboard({ panels }).panels, SCOPE);
  const seen = sections.map((s) => {
    const cells = s.cells.map((c) => `${c.key}@${c.box.x},${c.box.y} ${c.box.w}x${c.box.h}`);
    return [s.row ? `[${s.row.title}${s.row.collapsed ? " closed" : ""}]` : "[]", ...cells].join(" ");
  });
  expect(seen).toEqual(expected);
  return sections;
}

test("rows make sections, collapsed ones hold their panels", () => {
  check(
    [
      panel(1, grid(0, 0, 12, 4)),
      { id: 2, type: "row", title: "A", gridPos: grid(0, 4, 24, 1) },
      panel(3, grid(0, 5, 12, 8)),
      {
        id: 4,
        type: "row",
        title: "B",
        collapsed: true,
        gridPos: grid(0, 13, 24, 1),
        panels: [panel(5, grid(0, 14, 6, 3))],
      },
    ],
    ["[] 1@0,0 12x4", "[A] 3@0,0 12x8", "[B closed] 5@0,0 6x3"],
  );
});

test("gaps close and overlaps part", () => {
  check(
    [panel(1, grid(0, 10, 12, 4)), panel(2, grid(12, 20, 12, 4)), panel(3, grid(0, 30, 24, 2))],
    ["[] 1@0,0 12x4 2@12,0 12x4 3@0,4 24x2"],
  );
  check([panel(1, grid(0, 0, 12, 4)), panel(2, grid(6, 0, 12, 4))], ["[] 1@0,0 12x4 2@6,4 12x4"]);
  check([panel(1, grid(20, 0, 12, 4))], ["[] 1@12,0 12x4"]);
});

test("panels repeat sideways and downwards", () => {
  check(
    [panel(1, grid(0, 0, 24, 4), { repeat: "host", maxPerRow: 2 }), panel(2, grid(0, 4, 24, 2))],
    ["[] 1@0,0 12x4 1-clone-1@12,0 12x4 1-clone-2@0,4 12x4 2@0,8 24x2"],
  );
  check(
    [
      panel(1, grid(0, 0, 6, 2), { repeat: "host", repeatDirection: "v" }),
      panel(2, grid(6, 0, 6, 2)),
      panel(3, grid(0, 2, 6, 2)),
    ],
    ["[] 1@0,0 6x2 1-clone-1@0,2 6x2 1-clone-2@0,4 6x2 2@6,0 6x2 3@0,6 6x2"],
  );
});

test("rows repeat with their panels", () => {
  const sections = check(
    [{ id: 1, type: "row", title: "$host", repeat: "host", gridPos: grid(0, 0, 24, 1) }, panel(2, grid(0, 1, 12, 4))],
    ["[$host] 2@0,0 12x4", "[$host] 2-clone-1@0,0 12x4", "[$host] 2-clone-2@0,0 12x4"],
  );
  expect(sections.map((s) => s.row?.scoped.get("host"))).toEqual(hosts.values.map((v) => single(v)));
  expect(findCell(sections, "panel-2-clone-1")?.scoped.get("host")).toEqual(single("b"));
  expect(findCell(sections, "2")?.key).toBe("2");
  expect(findCell(sections, "99")).toBeUndefined();
});

test("sloppy files are read", () => {
  const model = readDashboard({
    panels: [
      { title: "x", targets: [{ expr: "a" }, { expr: "b", refId: "A" }] },
      { id: 7 },
      { id: 7, type: "text" },
      "nonsense",
    ],
    refresh: false,
    graphTooltip: true,
    timezone: "UTC",
  });
  expect(model.panels.map((p) => p.id)).toEqual([8, 7, 9, 10]);
  expect(model.panels[0]?.targets.map((t) => t.refId)).toEqual(["B", "A"]);
  expect([model.refresh, model.graphTooltip, model.timezone, model.time.from]).toEqual(["", 1, "utc", "now-6h"]);
  expect(readDashboard(null).title).toBe("Untitled");
});
