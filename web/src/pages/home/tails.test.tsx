import { expect, test } from "vitest";

import type { TailStatus } from "../../api/types";
import { figures, mostTelling } from "./Tails";

const NOW = 1_767_268_800_000;

const tail = (part: Partial<TailStatus>): TailStatus => ({
  job: "app",
  path: "/x/*.log",
  state: "reading",
  hint: "",
  files: [],
  files_total: 0,
  lines: 0,
  lines_per_second: 0,
  lag_bytes: 0,
  dropped_lines: 0,
  last_line_ms: 0,
  ...part,
});

test("figures of a source", () => {
  expect(figures(tail({}), NOW)).toBe("no lines yet");
  expect(figures(tail({ lag_bytes: 2048 }), NOW)).toBe("no lines yet · 2.00 KiB behind");
  expect(figures(tail({ lines: 1, last_line_ms: NOW - 2000 }), NOW)).toBe("1 line · last 2 s ago");
  const busy = tail({ lines: 5, lines_per_second: 40, lag_bytes: 1024, dropped_lines: 3, last_line_ms: NOW });
  expect(figures(busy, NOW)).toBe("5 lines · 40 lines/s · 3 dropped by stages · 1.00 KiB behind · last just now");
});

test("what goes wrong comes first", () => {
  const file = (path: string, offset: number, last_error = "") => ({
    path,
    size: 10,
    offset,
    lines: 0,
    last_line_ms: 0,
    last_error,
  });
  const shown = mostTelling([file("a", 10), file("b", 5), file("c", 10, "no permission")]);
  expect(shown.map((f) => f.path)).toEqual(["c", "b", "a"]);
  expect(mostTelling(Array.from({ length: 100 }, (_, i) => file(`${i}`, 10)))).toHaveLength(20);
});
