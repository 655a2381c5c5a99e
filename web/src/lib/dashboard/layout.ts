/** Where panels stand: sections by row, repeats by variable, gaps closed upwards. */

import type { PanelModel } from "../../panels/types";
import { type Scope, single, type Value } from "../interpolate/interpolate";

export const COLUMNS = 24;

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** A panel on the screen. The same model may stand there several times. */
export interface Cell {
  /** Stable over refreshes; also what `viewPanel` names. */
  key: string;
  panel: PanelModel;
  /** In grid units, relative to its section. */
  box: Box;
  /** The repeat's own values, over the dashboard's. */
  scoped: Scope;
}

export interface Section {
  key: string;
  /** Null for the panels above the first row. */
  row: { title: string; collapsed: boolean; scoped: Scope; hideHeader: boolean } | null;
  /** The tab it stands in; null on dashboards without tabs. */
  tab: string | null;
  cells: Cell[];
}

const NOTHING: Scope = new Map();

/** Everything in its place, repeats unfolded with the variables' selected values. */
export function layout(panels: PanelModel[], scope: Scope): Section[] {
  return splitByRow(panels).flatMap(({ row, members }, group) => {
    const top = group === 0 ? "top" : `top-${group}`;
    if (!row) return members.length > 0 ? [section(top, null, members, NOTHING, scope)] : [];
    const value = row.repeat ? scope.get(row.repeat) : undefined;
    if (!row.repeat || !value) return [section(`row-${row.id}`, row, members, NOTHING, scope)];
    return repeatValues(value).map((one, i) => {
      const scoped = new Map([[row.repeat ?? "", one]]);
      return section(i === 0 ? `row-${row.id}` : `row-${row.id}-clone-${i}`, row, members, scoped, scope);
    });
  });
}

function splitByRow(panels: PanelModel[]): { row: PanelModel | null; members: PanelModel[] }[] {
  const sorted = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const groups: { row: PanelModel | null; members: PanelModel[] }[] = [{ row: null, members: [] }];
  for (const panel of sorted) {
    const last = groups.at(-1);
    const before = last?.members.at(-1) ?? last?.row;
    if (panel.type === "row") groups.push({ row: panel, members: [...(panel.panels ?? [])] });
    // A new tab begins above its first row.
    else if (before && tabOf(before) !== tabOf(panel)) groups.push({ row: null, members: [panel] });
    else last?.members.push(panel);
  }
  return groups;
}

const tabOf = (panel: PanelModel | undefined) => (typeof panel?.tab === "string" ? panel.tab : null);

/** The dashboard's tabs in their order; none on most. */
export function tabsOf(sections: Section[]): string[] {
  return [...new Set(sections.flatMap((s) => s.tab ?? []))];
}

function repeatValues(value: Value): Value[] {
  if (value.verbatim) return [value];
  return value.values.map((v) => single(v));
}

function section(key: string, row: PanelModel | null, members: PanelModel[], scoped: Scope, scope: Scope): Section {
  const suffix = key.includes("-clone-") ? key.slice(key.indexOf("-clone-")) : "";
  const cells = repeatPanels(members, new Map([...scope, ...scoped])).map(
    (cell): Cell => ({ ...cell, key: cell.key + suffix, scoped: new Map([...scoped, ...cell.scoped]) }),
  );
  compact(cells);
  const hideHeader = row?.hideHeader === true;
  return {
    key,
    row: row && { title: row.title, collapsed: row.collapsed === true && !hideHeader, scoped, hideHeader },
    tab: tabOf(row ?? members[0]),
    cells,
  };
}

/** Unfolds panels with `repeat`; what stands below moves down by the rows that were added. */
function repeatPanels(members: PanelModel[], scope: Scope): Cell[] {
  const sorted = [...members].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const cells: Cell[] = [];
  const shifts: { fromY: number; by: number }[] = [];
  for (const panel of sorted) {
    const down = shifts.reduce((sum, s) => (panel.gridPos.y >= s.fromY ? sum + s.by : sum), 0);
    const box = { ...panel.gridPos, y: panel.gridPos.y + down };
    const value = panel.repeat ? scope.get(panel.repeat) : undefined;
    if (!panel.repeat || !value) {
      cells.push({ key: String(panel.id), panel, box, scoped: NOTHING });
      continue;
    }
    const name = panel.repeat;
    const values = repeatValues(value);
    const boxes = repeatBoxes(panel, box, values.length);
    values.forEach((one, i) => {
      const key = i === 0 ? String(panel.id) : `${panel.id}-clone-${i}`;
      cells.push({ key, panel, box: boxes[i] ?? box, scoped: new Map([[name, one]]) });
    });
    const bottom = Math.max(box.y, ...boxes.map((b) => b.y + b.h));
    shifts.push({ fromY: panel.gridPos.y + panel.gridPos.h, by: Math.max(0, bottom - (box.y + box.h)) });
  }
  return cells;
}

function repeatBoxes(panel: PanelModel, box: Box, count: number): Box[] {
  const range = Array.from({ length: count }, (_, i) => i);
  if (panel.repeatDirection === "v") return range.map((i) => ({ ...box, y: box.y + i * box.h }));
  const perRow = Math.max(1, Math.min(count, panel.maxPerRow || 4));
  const w = Math.max(1, Math.floor(COLUMNS / perRow));
  return range.map((i) => ({ ...box, x: (i % perRow) * w, w, y: box.y + Math.floor(i / perRow) * box.h }));
}

const overlap = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Moves every box up as far as the ones before it allow, and apart where files let them overlap. */
export function compact(cells: { box: Box }[]): void {
  const placed: Box[] = [];
  const order = [...cells].sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x);
  for (const cell of order) {
    const box = { ...cell.box };
    if (box.x + box.w > COLUMNS) box.x = Math.max(0, COLUMNS - box.w);
    const above = placed.filter((p) => p.x < box.x + box.w && box.x < p.x + p.w && p.y < box.y);
    box.y = Math.max(0, ...above.map((p) => Math.min(box.y, p.y + p.h)));
    for (let hit = placed.find((p) => overlap(box, p)); hit; hit = placed.find((p) => overlap(box, p))) {
      box.y = hit.y + hit.h;
    }
    placed.push(box);
    cell.box = box;
  }
}

/** The cell that `viewPanel` names: `4`, `panel-4` or `panel-4-clone-1`. */
export function findCell(sections: Section[], name: string): Cell | undefined {
  const key = name.replace(/^panel-/, "");
  const cells = sections.flatMap((s) => s.cells);
  return cells.find((c) => c.key === key) ?? cells.find((c) => String(c.panel.id) === key.split("-")[0]);
}
