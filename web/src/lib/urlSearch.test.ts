import { expect, test } from "vitest";
import { many, one, parseSearch, stringifySearch } from "./urlSearch";

test("every search comes back as it was", () => {
  const cases: [string, Record<string, string | string[]>][] = [
    ["?var-x=a&var-x=b", { "var-x": ["a", "b"] }],
    ["?v=1.10", { v: "1.10" }],
    ["?v=true", { v: "true" }],
    ["?id=12345678901234567890", { id: "12345678901234567890" }],
    ["?empty=", { empty: "" }],
    ["?q=a%2Bb+c", { q: "a+b c" }],
    ["?q=%C3%A9%E2%82%AC%F0%9F%8C%8A", { q: "é€🌊" }],
    ["?expr=rate%28x%7Ba%3D%22b%22%7D%5B5m%5D%29", { expr: 'rate(x{a="b"}[5m])' }],
    ["?from=now-1h&to=now%2Fd", { from: "now-1h", to: "now/d" }],
    ["?var-x=%24__all", { "var-x": "$__all" }],
    ["", {}],
  ];
  for (const [text, search] of cases) {
    expect(parseSearch(text)).toEqual(search);
    expect(stringifySearch(search)).toBe(text);
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  }
});

test("absent values vanish, lists are read as one or many", () => {
  expect(stringifySearch({ a: undefined, b: "x", c: [] })).toBe("?b=x");
  const search = parseSearch("?a=1&a=2&b=3");
  expect([one(search, "a"), many(search, "a"), many(search, "b"), many(search, "c")]).toEqual([
    "1",
    ["1", "2"],
    ["3"],
    undefined,
  ]);
});
