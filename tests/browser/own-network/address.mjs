/** Over the machine's own plain http address, with a password: no secure context, everything works all the same. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startChromium, until } from "../support/browser.mjs";
import { ink, panelOf } from "../support/panels.mjs";
import { startPharos } from "../support/server.mjs";

const PASSWORD = "correct horse battery";
/** Of this network alone: see `address.test.mjs`. */
const ADDRESS = "192.0.2.1";

let pharos, chromium, url;
before(async () => {
  pharos = await startPharos({ listen: "0.0.0.0:0", env: { PHAROS_ADMIN_PASSWORD: PASSWORD } });
  url = `http://${ADDRESS}:${new URL(pharos.url).port}`;
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
});

test("without the password there is nothing to see", async () => {
  const { page, close } = await openPage(chromium, url);
  const answer = await page.request.get(`${url}/api/pharos/v1/home`);
  assert.equal(answer.status(), 401);
  const wrong = await page.request.get(`${url}/api/v1/query?query=up`, {
    headers: { authorization: `Basic ${Buffer.from("admin:wrong").toString("base64")}` },
  });
  assert.equal(wrong.status(), 401);
  await close();
});

test("with it every page works, and links are copied without a secure context", async () => {
  const httpCredentials = { username: "admin", password: PASSWORD };
  const { page, faults, close } = await openPage(chromium, url, { httpCredentials });
  await page.goto(url);
  await page.locator('section[aria-label="Scrape targets"]').getByText("2 up").waitFor();
  assert.equal(await page.evaluate(() => isSecureContext), false);
  assert.equal(await page.evaluate(() => navigator.clipboard), undefined);
  await page.goto(`${url}/d/host?from=now-5m&refresh=1s`);
  await until("lines", async () => (await ink(panelOf(page, "CPU by mode"))) > 100);
  await page.evaluate(() => document.addEventListener("copy", () => document.body.setAttribute("data-copied", "yes")));
  await panelOf(page, "CPU by mode").hover();
  await panelOf(page, "CPU by mode").getByLabel("Menu of CPU by mode").click();
  await page.getByRole("menuitem", { name: "Copy link to the panel" }).click();
  await page.locator("body[data-copied=yes]").waitFor();
  await page.goto(`${url}/explore?kind=logql&expr=${encodeURIComponent('{job="pharos"}')}`);
  await page.getByText("Pharos is ready").first().waitFor();
  assert.deepEqual(faults, []);
  await close();
});
