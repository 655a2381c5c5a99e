import { expect, test } from "vitest";
import { single } from "../../lib/interpolate/interpolate";
import { ALL } from "../../lib/variables/model";
import { address } from "./DashboardLinks";
import { exploreLink } from "./exploreLink";
import { shareLink } from "./shareLink";
import { toggle } from "./VariableSelect";

test("links take the time and the variables along when they are told to", () => {
  const scope = new Map([
    ["__from", single("1")],
    ["__to", single("2")],
  ]);
  const search = { from: "now-1h", "var-x": ["a", "b"], other: "c" };
  expect(address("/d/x", {}, search, scope)).toBe("/d/x");
  expect(address("/d/x", { keepTime: true }, search, scope)).toBe("/d/x?from=now-1h&to=2");
  expect(address(" /d/x?y=1", { includeVars: true }, search, scope)).toBe("/d/x?y=1&var-x=a&var-x=b");
});

test("a query opens in Explore", () => {
  expect(exploreLink(undefined, { from: "a", to: "b" })).toBeNull();
  expect(exploreLink({ kind: "logql", expr: '{a="b"}' }, { from: "now-1h", to: "now" })).toBe(
    "/explore?kind=logql&expr=%7Ba%3D%22b%22%7D&from=now-1h&to=now",
  );
});

test("All and single values exclude each other", () => {
  expect(toggle([ALL], "a")).toEqual(["a"]);
  expect(toggle(["a"], "b")).toEqual(["a", "b"]);
  expect(toggle(["a", "b"], "a")).toEqual(["b"]);
  expect(toggle(["a", "b"], ALL)).toEqual([ALL]);
});

test("a shared link means the same moment for everybody", () => {
  expect(shareLink("http://x/d/a?from=now-1h&to=now&refresh=5s&var-b=c", { fromMs: 1.5, toMs: 9.5 })).toBe(
    "http://x/d/a?from=1&to=10&var-b=c",
  );
});
