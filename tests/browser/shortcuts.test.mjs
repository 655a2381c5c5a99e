/** The keys that people of Grafana have in their fingers. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, searchOf, startChromium, until } from "./support/browser.mjs";
import { panelOf } from "./support/panels.mjs";
import { startPharos } from "./support/server.mjs";

let pharos, chromium;
before(async () => {
  pharos = await startPharos();
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
});

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

test("keys on a dashboard", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/host`);
  await panelOf(page, "CPU by mode").hover();

  await press(page, "v");
  await until("the panel alone", () => searchOf(page).get("viewPanel") === "panel-7");
  await page.getByText("Back to the dashboard").waitFor();
  assert.equal(await page.locator("section[data-panel]").count(), 1);
  await press(page, "Escape");
  await until("the dashboard", () => searchOf(page).get("viewPanel") === null);

  await press(page, "d", "k");
  await until("kiosk mode", async () => (await page.getByLabel("Main").count()) === 0);
  await press(page, "Escape");
  await page.getByLabel("Main").waitFor();

  await press(page, "t", "ArrowLeft");
  const earlier = await until("a fixed range", () => Number(searchOf(page).get("to")));
  await press(page, "t", "z");
  await until("a wider one", () => Number(searchOf(page).get("to")) > earlier);

  await press(page, "Shift+?");
  await page.getByText("Keyboard shortcuts").waitFor();
  await page.getByText("Kiosk mode", { exact: true }).waitFor();
  await press(page, "Escape");
  await until("the list closed", async () => (await page.getByText("Keyboard shortcuts").count()) === 0);

  await panelOf(page, "CPU by mode").hover();
  await press(page, "i");
  await page.getByRole("dialog").getByText("CPU by mode").first().waitFor();
  await press(page, "Escape");
  await until("the inspector closed", async () => (await page.getByRole("dialog").count()) === 0);

  await panelOf(page, "CPU by mode").hover();
  await press(page, "p", "x");
  await until("Explore", () => new URL(page.url()).pathname === "/explore");
  assert.match(await page.getByLabel("Query", { exact: true }).inputValue(), /node_cpu_seconds_total/);
  assert.deepEqual(faults, []);
  await close();
});

test("keys between pages", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/dashboards`);
  await page.locator('main a[href^="/d/host"]').waitFor();
  const at = (path) => until(path, () => new URL(page.url()).pathname === path);
  await press(page, "g", "h");
  await at("/");
  await press(page, "g", "e");
  await at("/explore");
  await press(page, "g", "d");
  await at("/dashboards");
  assert.deepEqual(faults, []);
  await close();
});
