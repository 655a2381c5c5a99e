/** People find their dashboards; a broken file, and what of a file is not known here, says so. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, searchOf, startChromium, until } from "./support/browser.mjs";
import { marks, panelOf, waitUntilDrawn } from "./support/panels.mjs";
import { folderOf, panel, startPharos } from "./support/server.mjs";

const odd = {
  uid: "odd",
  title: "Odd things",
  tags: ["strange"],
  schemaVersion: 39,
  panels: [
    panel(1, "timeseries", "Skips a step", "up", { transformations: [{ id: "forecast", options: {} }] }),
    panel(2, "flowchart", "Of another kind", "up"),
    panel(3, "timeseries", "Wrong query", "sum(up"),
    panel(4, "text", "Words", "", { options: { mode: "markdown", content: "**bold** <script>document.title='no'</script>" } }),
    panel(5, "timeseries", "Logarithm from zero", "up + 1", {
      fieldConfig: { defaults: { min: 0, custom: { scaleDistribution: { type: "log", log: 10 } } }, overrides: [] },
    }),
  ],
};

let files, pharos, chromium;
before(async () => {
  files = await folderOf({ "odd.json": odd, "broken.json": '{"title": "Broken", "panels": [' });
  pharos = await startPharos({ args: ["--grafana-provisioning", files.path] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await files?.remove();
});

test("the list finds by words and tags, and shows why a file cannot be read", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/dashboards`);
  await page.getByText("Pharos itself").waitFor();
  assert.match(await page.locator("main").innerText(), /EOF while parsing[^\n]* line 1 column \d+\s+\S*broken\.json/);
  const field = page.getByLabel("Search by name, folder or tag");
  await field.fill("odd");
  await until("one dashboard", async () => (await page.locator('main a[href^="/d/"]').count()) === 1);
  assert.equal(searchOf(page).get("q"), "odd");
  await field.fill("#strange");
  await until("the tagged one", async () => (await page.locator('main a[href^="/d/odd"]').count()) === 1);
  await field.fill("no such thing");
  await page.getByText("Nothing matches").waitFor();
  await page.getByLabel("Clear the search").click();
  await page.locator('main a[href^="/d/host"]').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("Ctrl+K opens a dashboard by a few letters", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(pharos.url);
  await page.getByLabel("Main").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByLabel("Find a dashboard or a page").fill("itself");
  await page.getByRole("option", { name: /Pharos itself/ }).waitFor();
  await page.keyboard.press("Enter");
  await until("the dashboard", () => new URL(page.url()).pathname.startsWith("/d/pharos"));
  assert.deepEqual(faults, []);
  await close();
});

test("what a file asks for and Pharos does not know is said on its panel", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url, { viewport: { width: 1600, height: 1600 } });
  await page.goto(`${pharos.url}/d/odd?from=now-5m&refresh=1s`);
  await waitUntilDrawn(page);
  await until("the error of the wrong query", async () => (await marks(page)).length >= 2);
  const said = (await marks(page)).sort();
  assert.equal(said.length, 2);
  assert.match(said[0], /^Skips a step: Warning: .*“forecast”/);
  assert.match(said[1], /^Wrong query: Error: /);
  assert.match(await panelOf(page, "Of another kind").innerText(), /flowchart/);
  assert.equal(await panelOf(page, "Words").locator("strong").innerText(), "bold");
  assert.equal(await panelOf(page, "Words").locator("script").count(), 0);
  await page.getByLabel("About this dashboard").click();
  await page.getByText("Not understood").waitFor();
  assert.deepEqual(faults, []);
  await close();
});
