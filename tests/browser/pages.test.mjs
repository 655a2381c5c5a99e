/** Every page, wide and narrow, dark and light: no fault, no other server, no sideways scroll, no nameless control. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, sideways, startChromium, until } from "./support/browser.mjs";
import { folderOf, startPharos } from "./support/server.mjs";

const PAGES = [
  ["/", "Storage"],
  ["/dashboards", "Pharos itself"],
  ["/status", "Storage"],
  ["/import", "Look at it"],
  ["/d/host", "CPU by mode"],
  ["/d/pharos", "Targets down"],
  ["/d/pharos?viewPanel=panel-13", "Back to the dashboard"],
  ["/d/nonsense", "No dashboard has the uid"],
  ["/d/broken", "EOF while parsing"],
  ["/explore", "Ask for metrics"],
  ["/explore?kind=promql&expr=up", "Graph"],
  [`/explore?kind=logql&expr=${encodeURIComponent('{job="pharos"}')}`, "Pharos is ready"],
  ["/nowhere/at/all", "no such page|not found|nothing here"],
];
/** What a page may load before its first dashboard is drawn; Chromium over plain http takes gzip. */
const MOST_GZIP_BYTES = 380_000;

let files, pharos, chromium;
before(async () => {
  files = await folderOf({ "broken.json": '{"title": "Broken", "panels": [' });
  pharos = await startPharos({ args: ["--grafana-provisioning", files.path] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await files?.remove();
});

/** Buttons, links and fields that a screen reader could not name. */
const nameless = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("button, a[href], input, select, textarea")]
      .filter((e) => e.checkVisibility())
      .filter((e) => !(e.innerText || e.getAttribute("aria-label") || e.title || e.labels?.length || e.querySelector("[aria-label], img[alt]:not([alt=''])")))
      .map((e) => e.outerHTML.slice(0, 120)),
  );

const LOOKS = [
  { name: "wide and dark", viewport: { width: 1600, height: 1000 }, colorScheme: "dark" },
  { name: "390 pixels and light", viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true },
];
for (const { name, ...look } of LOOKS) {
  test(`every page, ${name}`, async () => {
    const { page, faults, close } = await openPage(chromium, pharos.url, look);
    for (const [path, words] of PAGES) {
      await page.goto(pharos.url + path);
      await until(`“${words}” on ${path}`, async () => new RegExp(words, "i").test(await page.locator("body").innerText()));
      await until(`the end of loading on ${path}`, async () => (await page.locator('[aria-label="Loading"]').count()) === 0);
      assert.equal(await sideways(page), 0, `${path} scrolls sideways`);
      assert.deepEqual(await nameless(page), [], `controls without a name on ${path}`);
    }
    assert.deepEqual(faults, []);
    await close();
  });
}

test("the first dashboard stays within its size, compressed", async () => {
  const { page, close } = await openPage(chromium, pharos.url);
  const loaded = new Map();
  page.on("requestfinished", async (request) => {
    const response = await request.response();
    if (!/\.(js|css|svg)$/.test(new URL(request.url()).pathname)) return;
    const { responseBodySize } = await request.sizes();
    loaded.set(request.url(), { bytes: responseBodySize, encoding: response.headers()["content-encoding"] });
  });
  await page.goto(`${pharos.url}/d/host`);
  await page.locator('section[aria-label="CPU by mode"] canvas, section[aria-label="CPU by mode"] p').first().waitFor();
  const sum = await until("scripts", () => {
    const sizes = [...loaded.values()].map(({ bytes }) => bytes);
    return sizes.length >= 3 && sizes.reduce((a, b) => a + b, 0);
  });
  for (const [url, { bytes, encoding }] of loaded) {
    // What is smaller than a packet is served as it is.
    if (bytes >= 1024 && /\.(js|css)$/.test(url) && !url.endsWith("theme.js")) assert.match(encoding ?? "none", /gzip|br/, url);
  }
  assert.ok(sum > 50_000 && sum < MOST_GZIP_BYTES, `${sum} bytes`);
  await close();
});
