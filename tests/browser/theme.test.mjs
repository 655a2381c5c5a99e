/** Dark and light: the system's choice, the user's own, kept over a reload. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startChromium, until } from "./support/browser.mjs";
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

const scheme = (page) => page.locator("html").getAttribute("data-mantine-color-scheme");
const brightness = (page) =>
  page.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return (r + g + b) / 3;
  });

for (const colorScheme of ["dark", "light"]) {
  test(`follows a ${colorScheme} system`, async () => {
    const { page, faults, close } = await openPage(chromium, pharos.url, { colorScheme });
    await page.goto(pharos.url);
    await page.getByLabel("System theme").waitFor();
    assert.equal(await scheme(page), colorScheme);
    assert.equal((await brightness(page)) > 128, colorScheme === "light");
    assert.deepEqual(faults, []);
    await close();
  });
}

test("a choice is kept over a reload, before the first paint", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url, { colorScheme: "dark" });
  await page.goto(pharos.url);
  await page.getByLabel("System theme").click();
  await page.getByLabel("Dark theme").click();
  await page.getByLabel("Light theme").waitFor();
  await until("a light page", async () => (await scheme(page)) === "light");
  await page.reload({ waitUntil: "commit" });
  await until("the scheme on the bare document", async () => (await scheme(page)) === "light");
  await page.getByLabel("Light theme").waitFor();
  assert.ok((await brightness(page)) > 128);
  assert.deepEqual(faults, []);
  await close();
});
