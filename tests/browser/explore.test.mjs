/** Explore: a question in PromQL or LogQL, its answer as graph, table and lines. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, searchOf, startChromium, until } from "./support/browser.mjs";
import { ink, panelOf } from "./support/panels.mjs";
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

async function push(lines) {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const values = lines.map((line, i) => [String(nowNs - BigInt(lines.length - i) * 1_000_000_000n), line]);
  const response = await fetch(`${pharos.url}/loki/api/v1/push`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { app: "shop", level: "info" }, values }] }),
  });
  assert.equal(response.status, 204);
}

async function ask(page, text) {
  await page.getByLabel("Query", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

test("PromQL as graph and as table; a mistake is shown", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/explore?from=now-5m&to=now&refresh=1s`);
  await ask(page, "up");
  assert.equal(await until("the query in the address", () => searchOf(page).get("expr")), "up");
  await until("a line", async () => (await ink(panelOf(page, "Graph"))) > 20);
  await panelOf(page, "Graph").getByText('job="node"').waitFor();
  await page.getByRole("tab", { name: "Table" }).click();
  await panelOf(page, "Table").getByText("pharos", { exact: true }).waitFor();
  await ask(page, "sum(up");
  await page.getByText(/expected|unclosed|unexpected|parse/i).first().waitFor();
  await page.goBack();
  await panelOf(page, "Table").getByText("pharos", { exact: true }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("LogQL: lines, their number over time, a line's labels, a filter from them", async () => {
  await push(["basket filled", "paid with card", "basket emptied"]);
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/explore`);
  await page.getByRole("radio", { name: "Logs" }).click();
  await ask(page, '{app="shop"} |= "basket"');
  await page.getByText("basket emptied").waitFor();
  await page.getByText("basket filled").waitFor();
  assert.equal(await page.getByText("paid with card").count(), 0);
  assert.equal(searchOf(page).get("kind"), "logql");
  await until("bars", async () => (await ink(panelOf(page, "Lines over time"))) > 5);
  await page.getByText("basket emptied").click();
  const only = page.getByRole("button", { name: "Only lines with level = info" });
  await only.waitFor();
  await only.click();
  await until("the label in the query", () => /level="info"/.test(searchOf(page).get("expr")));
  await page.getByText("basket filled").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a metric query over logs is drawn", async () => {
  await push(["one", "two"]);
  const { page, faults, close } = await openPage(chromium, pharos.url);
  const expr = 'sum by (app) (count_over_time({app="shop"}[1m]))';
  await page.goto(`${pharos.url}/explore?kind=logql&from=now-5m&to=now&refresh=1s&expr=${encodeURIComponent(expr)}`);
  await until("a line", async () => (await ink(panelOf(page, "Graph"))) > 20);
  assert.deepEqual(faults, []);
  await close();
});
