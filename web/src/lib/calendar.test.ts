import { expect, test } from "vitest";
import { addDays, dayOf, monthName, monthWeeks, shiftMonth, weekdayNames } from "./calendar";

test("a month has its weeks, whichever day they begin on", () => {
  const monday = monthWeeks("2026-02", 1);
  expect(monday).toHaveLength(5);
  expect(monday[0]?.[0]).toBe("2026-01-26");
  expect(monday[4]?.[6]).toBe("2026-03-01");
  // February of 2026 begins on a Sunday and has 28 days.
  expect(monthWeeks("2026-02", 0)).toHaveLength(4);
  expect(
    monthWeeks("2024-09", 0)
      .flat()
      .filter((day) => day.startsWith("2024-09")),
  ).toHaveLength(30);
  expect(weekdayNames(1)).toEqual(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
  expect(weekdayNames(6)[0]).toBe("Sat");
});

test("walking over the ends of months and years", () => {
  expect(addDays("2024-02-28", 1)).toBe("2024-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(shiftMonth("2026-01-31", 1)).toBe("2026-02-28");
  expect(shiftMonth("2026-01-31", -1)).toBe("2025-12-31");
  expect(shiftMonth("2024-12-15", 13)).toBe("2026-01-15");
  expect(monthName("2026-11")).toBe("November 2026");
});

test("a moment falls on the zone's day", () => {
  const late = Date.UTC(2026, 10, 22, 23, 30);
  expect(dayOf(late, "utc")).toBe("2026-11-22");
  expect(dayOf(late, "Europe/Berlin")).toBe("2026-11-23");
});
