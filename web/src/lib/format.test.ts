/** Own formats against the reference implementation, id by id and value by value. */

import { describe, expect, it } from "vitest";
import { formattedText, valueFormat } from "./format";
import { formatDate, relativeText } from "./format/date";
import { grafana } from "./oracle";

const { formattedValueToString, getValueFormat, getValueFormats } = grafana;

const VALUES = [
  0,
  1,
  -1,
  2,
  5,
  9.99,
  10,
  12.5,
  59.9,
  60,
  61,
  99.999,
  100,
  999,
  1000,
  1023,
  1024,
  1500,
  3599,
  3600,
  3661.5,
  86399,
  86400,
  90061,
  604800,
  700000,
  2592000,
  31536000,
  40000000,
  123456789,
  1e9,
  1.5e12,
  9.87e15,
  1e21,
  0.5,
  0.1,
  0.25,
  0.333333,
  0.0123,
  0.001,
  0.00045,
  0.00000123,
  1e-9,
  -0.5,
  -1234.5678,
  -90061,
  1 / 3,
];

const DECIMALS = [undefined, null, 0, 1, 2, 3];

/** Formats that depend on the present are tested apart. */
const RELATIVE = /FromNow|IfToday|AsLocal/;

const ids = getValueFormats()
  .flatMap((category) => category.submenu ?? [])
  .map((format) => format.value as string)
  .filter((id) => !RELATIVE.test(id));

const FREE = [
  "tps",
  "req/s",
  "suffix:nodes",
  "prefix:P",
  "si:g/s",
  "si:mWh",
  "si:xyz",
  "count:calls",
  "currency:Fr",
  "currency:financial:€:suffix",
  "currency:financial:$",
  "bool:up/down",
  "bool:yes",
  "time:YYYY-MM-DD HH:mm",
  "",
  "farenheit",
  "unknown:thing",
];

describe("value formats", () => {
  it.each([...ids, ...FREE])("%s", (id) => {
    for (const value of VALUES) {
      // The reference says "Invalid date" where the calendar ends.
      if (id.startsWith("clock") && value > 8e12) continue;
      for (const decimals of DECIMALS) {
        const theirs = formattedValueToString(getValueFormat(id)(value, decimals, null, "utc"));
        const ours = formattedText(valueFormat(id)(value, decimals, { timeZone: "utc" }));
        expect({ value, decimals, text: ours }).toEqual({ value, decimals, text: theirs });
      }
    }
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      if (!/date|time|clock|dtd|dth/i.test(id)) {
        const theirs = formattedValueToString(getValueFormat(id)(value, 2, null, "utc"));
        expect({ value, text: formattedText(valueFormat(id)(value, 2)) }).toEqual({ value, text: theirs });
      }
    }
  });

  it("knows every id", () => {
    expect(ids.length).toBeGreaterThan(260);
  });
});

describe("dates", () => {
  const at = Date.UTC(2024, 1, 29, 13, 5, 9, 42);
  const check = (pattern: string, zone: string, text: string) => expect(formatDate(at, pattern, zone)).toBe(text);
  it("writes patterns in any zone", () => {
    check("YYYY-MM-DD HH:mm:ss.SSS", "utc", "2024-02-29 13:05:09.042");
    check("D.M.YY h:mm a [at] Z", "Asia/Kolkata", "29.2.24 6:35 pm at +05:30");
    check("dddd Do MMMM, ZZ", "America/New_York", "Thursday 29th February, -0500");
    check("X x", "utc", "1709211909 1709211909042");
  });
  it("says how long ago", () => {
    const texts = [1, 50, 120, 3000, 7200, 100000, 3e6, 1e8].map((s) => relativeText(at - s * 1000, at));
    expect(texts).toEqual([
      "a few seconds ago",
      "a minute ago",
      "2 minutes ago",
      "an hour ago",
      "2 hours ago",
      "a day ago",
      "a month ago",
      "3 years ago",
    ]);
    expect(relativeText(at + 7_200_000, at)).toBe("in 2 hours");
  });
});
