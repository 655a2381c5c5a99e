/** The time range: quick ranges, typed ones, a drag on a chart, Ctrl+Z; all of it in the address. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, searchOf, startChromium, until } from "./support/browser.mjs";
import { panelOf, waitUntilDrawn } from "./support/panels.mjs";
import { folderOf, panel, startPharos } from "./support/server.mjs";

const MINUTE_MS = 60_000;
const one = {
  uid: "one",
  title: "One chart",
  schemaVersion: 39,
  time: { from: "now-30m", to: "now" },
  refresh: "",
  panels: [panel(1, "timeseries", "Targets", "up or vector(1)"), panel(2, "timeseries", "Others", "vector(2)")],
};

let files, pharos, chromium;
before(async () => {
  files = await folderOf({ "one.json": one });
  pharos = await startPharos({ args: ["--grafana-provisioning", files.path] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await files?.remove();
});

const width = (page) => Number(searchOf(page).get("to")) - Number(searchOf(page).get("from"));

test("the picker offers quick ranges and takes typed ones", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/one`);
  await page.getByRole("button", { name: "Time range: Last 30 minutes" }).click();
  await page.getByRole("button", { name: "Last 6 hours" }).click();
  await page.getByRole("button", { name: "Time range: Last 6 hours" }).waitFor();
  assert.equal(searchOf(page).get("from"), "now-6h");
  await page.getByRole("button", { name: "Time range: Last 6 hours" }).click();
  await page.getByLabel("From").fill("now-2h");
  await page.getByLabel("To", { exact: true }).fill("now-1h");
  await page.keyboard.press("Enter");
  await until("the typed range", () => searchOf(page).get("from") === "now-2h" && searchOf(page).get("to") === "now-1h");
  await page.goBack();
  await page.getByRole("button", { name: "Time range: Last 6 hours" }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a drag zooms the whole dashboard, Ctrl+Z zooms out, Back returns", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/one`);
  await waitUntilDrawn(page);
  const box = await panelOf(page, "Targets").locator(".u-over").boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.25, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, y, { steps: 5 });
  await page.mouse.move(box.x + box.width * 0.75, y, { steps: 5 });
  await page.mouse.up();
  await until("half an hour's half", () => Math.abs(width(page) - 15 * MINUTE_MS) < MINUTE_MS);
  const zoomed = width(page);
  await waitUntilDrawn(page);
  await page.keyboard.press("Control+z");
  await until("twice as much", () => Math.abs(width(page) - 2 * zoomed) < 100);
  await page.goBack();
  await until("the zoom again", () => Math.abs(width(page) - zoomed) < 100);
  await page.goBack();
  await page.getByRole("button", { name: "Time range: Last 30 minutes" }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("the refresh interval asks again by itself", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/api/pharos/v1/query")) asked += 1;
  });
  await page.goto(`${pharos.url}/d/one?refresh=1s`);
  await until("five batches", () => asked >= 5);
  assert.deepEqual(faults, []);
  await close();
});
