/** `pharos demo`: its dashboard draws, variables, annotations and stars work on it, and it prints. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, searchOf, startChromium, until } from "./support/browser.mjs";
import { marks, panelOf, waitUntilDrawn } from "./support/panels.mjs";
import { startPharos } from "./support/server.mjs";

let pharos, chromium;
before(async () => {
  pharos = await startPharos({ command: "demo", args: ["--history", "70m", "--no-collect"] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
});

test("the cluster is on the screen, its incident too", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/llm-serving?refresh=off`);
  await waitUntilDrawn(page);
  assert.deepEqual(await marks(page), []);
  await panelOf(page, "Output of the jobs").getByText("Avg generation throughput").first().waitFor();
  // How far down its list the line stands depends on the hour.
  const query = encodeURIComponent('count_over_time({job="vllm"} |= "fallen off the bus" [70m])');
  const told = await (await fetch(`${pharos.url}/loki/api/v1/query?query=${query}`)).json();
  assert.equal(told.data.result[0]?.value[1], "1");
  const operations = page.getByRole("switch", { name: "Annotations: Operations" });
  await until("four notes", async () => (await operations.getAttribute("title")) === "4 in this range");
  await operations.click();
  assert.equal(await operations.getAttribute("aria-checked"), "false");
  assert.deepEqual(faults, []);
  await close();
});

test("a choice stands in the URL, and one button takes it back", async () => {
  const { page, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/llm-serving?refresh=off&var-instance=gpu-02:8000`);
  await page.getByRole("button", { name: "Replica: gpu-02:8000" }).waitFor();
  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByRole("button", { name: "Replica: All" }).waitFor();
  assert.equal(searchOf(page).get("var-instance"), null);
  await close();
});

test("a star puts it first; d-solo shows one panel alone", async () => {
  const { page, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/llm-serving?refresh=off`);
  await page.getByRole("button", { name: "Star", exact: true }).click();
  await page.goto(`${pharos.url}/dashboards`);
  await page.getByRole("region", { name: "Starred" }).getByText("LLM serving").waitFor();
  await page.goto(`${pharos.url}/d-solo/llm-serving/x?panelId=7`);
  await panelOf(page, "Requests by replica").waitFor();
  assert.equal(await page.locator("section[data-panel]").count(), 1);
  assert.equal(await page.locator("main header h1").count(), 0);
  await close();
});

test("on paper every panel is drawn", async () => {
  const { page, close } = await openPage(chromium, pharos.url);
  await page.addInitScript(() => {
    window.print = () => {
      window.printed = [...document.querySelectorAll("section[data-panel]")].map((s) => s.querySelector("canvas, svg, [role=row]") !== null || s.innerText.length > 40);
    };
  });
  await page.goto(`${pharos.url}/d/llm-serving?refresh=off`);
  await panelOf(page, "Replicas up").waitFor();
  await page.keyboard.press("Control+p");
  const printed = await until("the print dialog", () => page.evaluate(() => window.printed));
  assert.ok(printed.length > 12 && printed.filter(Boolean).length > 10, JSON.stringify(printed));
  // The page's menu stays on the screen, the panels have the whole sheet.
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("navigation", { name: "Main" }).isVisible(), false);
  assert.equal(await page.locator("#main").evaluate((main) => main.getBoundingClientRect().left), 0);
  await close();
});
