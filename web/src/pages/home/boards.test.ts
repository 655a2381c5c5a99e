import { expect, test } from "vitest";
import type { DashboardMeta } from "../../api/types";
import { chooseBoards } from "./Boards";

const meta = (uid: string, more: Partial<DashboardMeta> = {}) =>
  ({ uid, title: uid, slug: uid, tags: [], folder: "", source: "", ...more }) as DashboardMeta;

test("stars, then what was looked at last, then by name", () => {
  const all = ["c", "a10", "a9", "seen", "star"].map((uid) => meta(uid));
  const broken = meta("broken", { error: "no JSON" });
  const chosen = chooseBoards([...all, broken], new Set(["star"]), [
    { uid: "seen", title: "seen" },
    { uid: "gone", title: "gone" },
  ]);
  expect(chosen.map(({ uid }) => uid)).toEqual(["star", "seen", "a9", "a10", "c"]);
});

test("a strip, not the whole list", () => {
  expect(
    chooseBoards(
      Array.from({ length: 30 }, (_, i) => meta(`d${i}`)),
      new Set(),
      [],
    ),
  ).toHaveLength(8);
});
