import { expect, test } from "vitest";
import { dashboardOf } from "./dashboards";

test("the address says which dashboard will be asked for", () => {
  expect(dashboardOf("/d/llm-serving/name")).toBe("llm-serving");
  expect(dashboardOf("/d-solo/a%20b")).toBe("a b");
  expect(dashboardOf("/dashboards")).toBeNull();
  expect(dashboardOf("/dashboard/db/x")).toBeNull();
  expect(dashboardOf("/d/%E0%A4%A")).toBeNull();
});
