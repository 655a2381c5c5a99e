import { expect, test } from "vitest";
import type { DashboardMeta } from "../../api/types";
import { byFolder, matches } from "./list";

const dashboard = (title: string, folder: string, ...tags: string[]): DashboardMeta => ({
  uid: title,
  title,
  folder,
  tags,
  slug: title,
  source: "",
  error: null,
});

test("a search looks at titles, folders and tags", () => {
  const d = dashboard("Node Exporter Full", "Linux", "prometheus", "host");
  const cases: [string, boolean][] = [
    ["", true],
    ["node", true],
    ["full linux", true],
    ["host node", true],
    ["#prom", true],
    ["#node", false],
    ["nodes", false],
  ];
  for (const [text, found] of cases) expect([text, matches(d, text)]).toEqual([text, found]);
});

test("folders and their members are sorted", () => {
  const list = [dashboard("b10", "Z"), dashboard("b2", "Z"), dashboard("a", "")];
  expect(byFolder(list).map(([f, m]) => [f, ...m.map((d) => d.title)])).toEqual([
    ["", "a"],
    ["Z", "b2", "b10"],
  ]);
});
