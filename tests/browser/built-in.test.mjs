/** The two dashboards that come with Pharos: every panel of them lives on a bare machine. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startChromium, until } from "./support/browser.mjs";
import { ink, marks, panelOf, waitUntilDrawn } from "./support/panels.mjs";
import { startPharos } from "./support/server.mjs";

/** Kernels without pressure stall information, machines without a disk of their own (containers) have none of it. */
const MAY_BE_EMPTY = ["Pressure stall", "Disk throughput", "Disk busy", "File systems", "Fullest disk", "Network"];

let pharos, chromium;
before(async () => {
  pharos = await startPharos();
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
});

test("Host draws lines of this machine", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url, { viewport: { width: 1600, height: 2200 } });
  await page.goto(`${pharos.url}/d/host?from=now-5m&refresh=1s`);
  await waitUntilDrawn(page, [...MAY_BE_EMPTY, "Network errors and drops"]);
  for (const title of ["CPU by mode", "Memory", "Load"]) {
    // A gauge of the same name may stand above.
    const panel = panelOf(page, title).last();
    await until(`lines in ${title}`, async () => (await ink(panel)) > 100);
    assert.ok((await panel.locator("ul li button").count()) >= 3, `the legend of ${title} names its series`);
  }
  assert.match(await panelOf(page, "CPU by mode").locator("ul").innerText(), /user|system/);
  assert.match(await panelOf(page, "Load per core").innerText(), /\d/);
  assert.match(await panelOf(page, "Cores and memory").innerText(), /cores[^]*memory[^]*[GM]iB/);
  assert.deepEqual(await marks(page), []);
  assert.deepEqual(faults, []);
  await close();
});

test("Pharos itself shows its figures, its targets and its own log", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url, { viewport: { width: 1600, height: 2200 } });
  await page.goto(`${pharos.url}/d/pharos?from=now-5m&refresh=1s`);
  await waitUntilDrawn(page);
  await until("lines in Memory", async () => (await ink(panelOf(page, "Memory").last())) > 20);
  const rows = panelOf(page, "Targets").locator('[role="row"], tr').filter({ hasText: "up" });
  await until("both targets", async () => (await rows.count()) >= 2);
  await panelOf(page, "Pharos' own log").getByText("Pharos is ready").waitFor();
  assert.deepEqual(await marks(page), []);
  assert.deepEqual(faults, []);
  await close();
});

test("an unknown dashboard says so", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/nonsense`);
  await page.getByText("No dashboard has the uid “nonsense”").waitFor();
  assert.deepEqual(faults, []);
  await close();
});
