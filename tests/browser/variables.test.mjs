/** Variables: chained, multiple, in the address; Back undoes a choice. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, searchOf, startChromium, until } from "./support/browser.mjs";
import { panelOf } from "./support/panels.mjs";
import { folderOf, panel, startExporter, startPharos } from "./support/server.mjs";

const query = (name, text, more) => ({
  name,
  type: "query",
  datasource: { type: "prometheus", uid: "prometheus" },
  query: text,
  definition: text,
  refresh: 2,
  sort: 1,
  ...more,
});

const chained = {
  uid: "chained",
  title: "Chained",
  schemaVersion: 39,
  time: { from: "now-5m", to: "now" },
  refresh: "1s",
  templating: {
    list: [
      query("zone", "label_values(demo_value, zone)", { label: "Zone" }),
      query("city", 'label_values(demo_value{zone="$zone"}, city)', { label: "City", multi: true, includeAll: true, current: { value: ["$__all"] } }),
      { name: "size", label: "Size", type: "custom", query: "small,large", current: { value: "small" } },
    ],
  },
  panels: [
    panel(1, "text", "Chosen", "", { options: { mode: "markdown", content: "zone $zone, cities ${city:csv}, size $size" } }),
    panel(2, "stat", "Sum", 'sum(demo_value{zone="$zone", city=~"$city"})'),
  ],
};

const METRICS = [
  'demo_value{zone="north",city="Oslo"} 1',
  'demo_value{zone="north",city="Turku"} 2',
  'demo_value{zone="south",city="Rome"} 40',
  "",
].join("\n");

let exporter, files, pharos, chromium;
before(async () => {
  exporter = await startExporter(METRICS);
  files = await folderOf({ "chained.json": chained, "prometheus.yml": exporter.config });
  const args = ["--grafana-provisioning", files.path, "--prometheus-config", `${files.path}/prometheus.yml`];
  pharos = await startPharos({ args });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await files?.remove();
  await exporter?.stop();
});

const chosen = (page, pattern) =>
  until(`the words ${pattern}`, async () => pattern.test(await panelOf(page, "Chosen").innerText()));
const sum = (page, value) =>
  until(`the sum ${value}`, async () => new RegExp(`Sum\\s*${value}$`).test((await panelOf(page, "Sum").innerText()).trim()));

/** Until the first scrape there are no values to choose from. */
async function scraped() {
  await until("the first scrape", async () => {
    const response = await fetch(`${pharos.url}/api/v1/query?query=count(demo_value)`);
    return (await response.json()).data.result[0]?.value[1] === "3";
  });
}

test("a choice changes what follows from it, stands in the address, and Back takes it back", async () => {
  await scraped();
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/chained`);
  await chosen(page, /zone north, cities Oslo,Turku, size small/);
  await sum(page, 3);

  await page.getByRole("button", { name: "Zone: north" }).click();
  await page.getByLabel("Find a value").fill("so");
  await page.keyboard.press("Enter");
  await chosen(page, /zone south, cities Rome, size small/);
  await sum(page, 40);
  assert.equal(searchOf(page).get("var-zone"), "south");

  await page.goBack();
  await chosen(page, /zone north, cities Oslo,Turku/);
  await sum(page, 3);
  assert.deepEqual(faults, []);
  await close();
});

test("several values, and an address that names them as Grafana does", async () => {
  await scraped();
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/chained/any-slug?orgId=1&var-zone=north&var-city=Turku&var-size=large`);
  await chosen(page, /zone north, cities Turku, size large/);
  await sum(page, 2);
  await page.getByRole("button", { name: "City: Turku" }).click();
  await page.getByRole("option", { name: "Oslo" }).click();
  await page.keyboard.press("Escape");
  await sum(page, 3);
  assert.deepEqual(searchOf(page).getAll("var-city").sort(), ["Oslo", "Turku"]);
  assert.deepEqual(faults, []);
  await close();
});
