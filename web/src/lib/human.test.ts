import { expect, test } from "vitest";
import { ago, bytes, count, plural, span } from "./human";

test("figures", () => {
  expect([0, 1023, 1024, 1_500_000, 5e9, Number.NaN].map(bytes)).toEqual([
    "0 B",
    "1023 B",
    "1.00 KiB",
    "1.43 MiB",
    "4.66 GiB",
    "–",
  ]);
  expect([0, 9999, 12_345, 1.5e6, 2e9].map(count)).toEqual(["0", "9,999", "12.3 K", "1.5 M", "2.0 G"]);
  expect([0, 1, 2, 12_345].map((n) => plural(n, "line"))).toEqual(["0 lines", "1 line", "2 lines", "12.3 K lines"]);
  expect([0.5, 12, 61_000, 3_600_000, 90_061_000].map(span)).toEqual([
    "0.5 ms",
    "12 ms",
    "1 min 1 s",
    "1 h",
    "1 d 1 h",
  ]);
  expect([ago(0, 5), ago(1000, 1500), ago(1000, 62_000)]).toEqual(["never", "just now", "1 min ago"]);
});
