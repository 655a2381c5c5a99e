/** What people do with panels and time: calendar, tables within tables, group-by, exemplars, the inspector, rows. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, searchOf, startChromium, until } from "./support/browser.mjs";
import { panelOf, waitUntilDrawn } from "./support/panels.mjs";
import { folderOf, panel, startExporter, startPharos } from "./support/server.mjs";

const nested = [{ id: "groupToNestedTable", options: { fields: { zone: { operation: "groupby", aggregations: [] }, Value: { operation: "aggregate", aggregations: ["max"] } } } }];
const source = { type: "prometheus", uid: "p" };
const board = {
  uid: "panels",
  title: "Panels",
  schemaVersion: 39,
  time: { from: "now-5m", to: "now" },
  fiscalYearStartMonth: 3,
  templating: { list: [{ name: "by", type: "groupby", datasource: source }] },
  panels: [
    panel(1, "table", "Zones", "", { transformations: nested, targets: [{ refId: "A", expr: "load", format: "table", instant: true, datasource: source }] }),
    panel(2, "timeseries", "Sum", "sum(load)"),
    panel(3, "timeseries", "Slow ones", "", { targets: [{ refId: "A", expr: "sum(seconds_bucket) * 0 + 0.2", exemplar: true, datasource: source }, { refId: "B", expr: "sum(rate(seconds_bucket[1m])) * 0 + 0.4", exemplar: true, datasource: source }] }),
    panel(4, "timeseries", "Wrong", "sum("),
    { id: 5, type: "row", title: "First", collapsed: true, gridPos: { x: 0, y: 20, w: 24, h: 1 }, panels: [panel(6, "stat", "In the first row", "max(load)")] },
    { id: 7, type: "row", title: "Second", collapsed: true, gridPos: { x: 0, y: 21, w: 24, h: 1 }, panels: [panel(8, "stat", "In the second row", "min(load)")] },
  ],
};

/** Two zones of two nodes; a histogram with an exemplar in each bucket. */
function metrics() {
  const now = Date.now() / 1000;
  const lines = ["# TYPE load gauge"];
  for (const [zone, node, value] of [["a", "n1", 1], ["a", "n2", 2], ["b", "n3", 3], ["b", "n4", 4]]) lines.push(`load{zone="${zone}",node="${node}"} ${value}`);
  lines.push("# TYPE seconds histogram");
  for (const [le, count] of [["0.5", 5], ["1.0", 9], ["+Inf", 10]]) lines.push(`seconds_bucket{le="${le}"} ${count} # {trace_id="4bf92f3577b34da6"} 0.3 ${now.toFixed(3)}`);
  return `${[...lines, "seconds_count 10", "seconds_sum 4", "# EOF"].join("\n")}\n`;
}

let exporter, files, config, pharos, chromium;
before(async () => {
  exporter = await startExporter(metrics);
  files = await folderOf({ "panels.json": board });
  config = await folderOf({ "prometheus.yml": exporter.config });
  pharos = await startPharos({ args: ["--no-collect", "--prometheus-config", `${config.path}/prometheus.yml`, "--grafana-provisioning", files.path] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await exporter?.stop();
  await files?.remove();
  await config?.remove();
});

async function open(path) {
  const opened = await openPage(chromium, pharos.url, { viewport: { width: 1500, height: 1100 }, timezoneId: "UTC" });
  await opened.page.goto(`${pharos.url}${path}`);
  return opened;
}

test("days are chosen from a calendar, by mouse and by keyboard", async () => {
  const { page, faults, close } = await open("/d/panels?refresh=off&from=2026-02-10T00:00:00Z&to=2026-02-12T12:00:00Z");
  await page.getByLabel(/^Time range/).click();
  await page.getByRole("button", { name: "This fiscal year so far" }).waitFor();
  await page.getByRole("button", { name: "Calendar" }).click();
  await page.getByRole("table", { name: "February 2026" }).waitFor();
  await page.getByRole("button", { name: "2026-02-03" }).click();
  await page.getByRole("button", { name: "2026-02-03" }).press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "2026-02-11");
  await page.keyboard.press("Enter");
  assert.equal(await page.getByLabel("From").inputValue(), "2026-02-03 00:00:00");
  await page.getByRole("button", { name: "Apply" }).click();
  await until("the range in the URL", () => searchOf(page).get("from") === String(Date.UTC(2026, 1, 3)));
  assert.equal(searchOf(page).get("to"), String(Date.UTC(2026, 1, 11, 23, 59, 59)));
  assert.deepEqual(faults, []);
  await close();
});

test("a table opens within a table's row", async () => {
  const { page, faults, close } = await open("/d/panels?refresh=off");
  const zones = panelOf(page, "Zones");
  await until("both zones", async () => (await zones.getByRole("button", { name: "Show the rows of this group" }).count()) === 2);
  await zones.getByRole("button", { name: "Show the rows of this group" }).first().click();
  const inner = zones.getByRole("table", { name: "Zones, row 1" });
  await inner.waitFor();
  assert.match(await inner.innerText(), /n1[^]*n2/);
  await zones.getByRole("button", { name: "Hide the rows of this group" }).click();
  assert.equal(await inner.count(), 0);
  assert.deepEqual(faults, []);
  await close();
});

test("a group-by variable splits every sum", async () => {
  // Refreshed: a first step may lie before the first scrape.
  const { page, faults, close } = await open("/d/panels?refresh=1s");
  const names = () => panelOf(page, "Sum").locator("ul li button").allInnerTexts();
  await until("one line", async () => (await names()).length === 1);
  await page.getByRole("button", { name: "by: nothing" }).click();
  await page.getByRole("option", { name: "zone" }).click();
  await page.keyboard.press("Escape");
  await until("a line each zone", async () => (await names()).length === 2);
  assert.equal(searchOf(page).get("var-by"), "zone");
  assert.deepEqual(faults, []);
  await close();
});

test("an exemplar under the mouse tells its trace", async () => {
  const { page, faults, close } = await open("/d/panels?refresh=1s&viewPanel=panel-3");
  const chart = panelOf(page, "Slow ones").locator(".u-over");
  await chart.waitFor();
  await until("a diamond's labels", async () => {
    const box = await chart.boundingBox();
    // They stand in the middle of the axis, where time has come to.
    for (let x = box.width - 4; x > box.width * 0.8; x -= 4) {
      for (const y of [0.5, 0.47, 0.53]) {
        await page.mouse.move(box.x + x, box.y + box.height * y);
        await page.evaluate(() => new Promise(requestAnimationFrame));
        const told = page.locator('body > [role="status"]').filter({ hasText: "4bf92f3577b34da6" });
        if ((await told.count()) > 0) return true;
      }
    }
    return false;
  });
  assert.deepEqual(faults, []);
  await close();
});

test("the inspector shows the answer, as it came and as it is drawn", async () => {
  const { page, faults, close } = await open("/d/panels?refresh=off");
  await waitUntilDrawn(page, ["Wrong"]);
  await panelOf(page, "Sum").hover();
  await page.keyboard.press("i");
  await page.getByRole("tab", { name: "Response" }).click();
  const [answer] = JSON.parse(await page.getByRole("dialog").locator("pre").innerText());
  assert.equal(answer.query, "sum(load)");
  assert.equal(answer.series[0].values.at(-1), 10);
  await page.getByRole("tab", { name: "Data" }).click();
  await page.getByLabel("As the panel draws it").check();
  assert.match(await page.getByRole("region", { name: "Data" }).innerText(), /Time[^]*sum\(load\)[^]*10/);
  await page.keyboard.press("Escape");
  await panelOf(page, "Wrong").getByRole("button", { name: "See the query" }).click();
  await page.getByRole("alert").getByText(/unclosed|parse error/).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("rows opened in one breath are all open", async () => {
  const { page, faults, close } = await open("/d/panels?refresh=off");
  await page.getByRole("button", { name: /^Second/ }).waitFor();
  await page.evaluate(() => {
    for (const row of document.querySelectorAll('main button[aria-expanded="false"]:has(h2)')) row.click();
  });
  await panelOf(page, "In the first row").getByText("4").waitFor();
  await panelOf(page, "In the second row").getByText("1").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a link into Grafana's Explore opens here", async () => {
  const panes = { a: { datasource: "x", queries: [{ refId: "A", expr: "max(load)", datasource: { type: "prometheus", uid: "x" } }], range: { from: "now-15m", to: "now" } } };
  const { page, faults, close } = await open(`/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`);
  await until("the query in the URL", () => searchOf(page).get("expr") === "max(load)");
  assert.equal(searchOf(page).get("from"), "now-15m");
  assert.equal(searchOf(page).get("panes"), null);
  await panelOf(page, "Graph").locator("canvas").waitFor();
  assert.deepEqual(faults, []);
  await close();
});
