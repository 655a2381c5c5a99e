/** A newcomer starts Pharos and sees this host, what is collected, and Pharos' own log. */

import assert from "node:assert/strict";
import { hostname } from "node:os";
import { after, before, test } from "node:test";
import { openPage, startChromium, until } from "./support/browser.mjs";
import { panelOf, waitUntilDrawn } from "./support/panels.mjs";
import { folderOf, startExporter, startPharos } from "./support/server.mjs";

let exporter, files, pharos, chromium;
before(async () => {
  exporter = await startExporter("demo_value 1\n");
  const broken = { job_name: "gone", static_configs: [{ targets: ["127.0.0.1:1"] }], scrape_interval: "1s" };
  const config = JSON.parse(exporter.config);
  files = await folderOf({ "prometheus.yml": { scrape_configs: [...config.scrape_configs, broken] } });
  pharos = await startPharos({ args: ["--prometheus-config", `${files.path}/prometheus.yml`] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await files?.remove();
  await exporter?.stop();
});

test("Home shows this host, the targets with their faults, the store and the log", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(pharos.url);
  await page.locator("header a", { hasText: hostname() }).waitFor();
  const targets = page.locator('section[aria-label="Scrape targets"]');
  await targets.getByText("3 up").waitFor();
  await targets.getByText("1 down").waitFor();
  await targets.getByText(exporter.address).waitFor();
  assert.match(await targets.innerText(), /127\.0\.0\.1:1\b[^]*refused/i);
  await waitUntilDrawn(page);
  assert.match(await panelOf(page, "Memory used").innerText(), /\d+(\.\d)?\s*%/);
  assert.match(await panelOf(page, "Pharos’ own log").innerText(), /Pharos is ready/);
  const storage = page.locator('section[aria-label="Storage"]');
  await until("series in the store", async () => /Active series\s*[1-9]/.test(await storage.innerText()));
  await page.locator("header a", { hasText: hostname() }).click();
  await panelOf(page, "CPU by mode").waitFor();
  assert.equal(new URL(page.url()).pathname, "/d/host/host");
  assert.deepEqual(faults, []);
  await close();
});
