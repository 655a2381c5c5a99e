/** A dashboard that means ill harms nobody: bounded, cleaned, with a message. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startChromium, until } from "./support/browser.mjs";
import { panelOf } from "./support/panels.mjs";
import { folderOf, panel, startPharos } from "./support/server.mjs";

const script = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";
const custom = (name, query) => ({ name, type: "custom", query });
const bad = {
  uid: "bad",
  title: `Bad ${script}`,
  tags: [script],
  schemaVersion: 39,
  links: [{ type: "link", title: "click", url: "javascript:document.title='taken'" }],
  templating: {
    list: [
      { name: "a", type: "query", query: "label_values(up{x=\"$b\"}, job)" },
      { name: "b", type: "query", query: "label_values(up{x=\"$a\"}, job)" },
      // It takes an eternity on the value below.
      { name: "slow", type: "query", query: 'query_result(label_replace(vector(1), "x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "", ""))', regex: '/x="(a+)+"/' },
      custom("c", script),
    ],
  },
  panels: [
    panel(1, "text", `Text ${script}`, "", { options: { mode: "html", content: `${script}<a href="javascript:document.title='taken'">here</a>` } }),
    panel(2, "timeseries", "Fine", "up"),
    panel(3, "stat", "Linked", "up", {
      fieldConfig: { defaults: { links: [{ title: "x", url: "javascript:document.title='taken'" }] }, overrides: [] },
    }),
  ],
};
const many = {
  uid: "many",
  title: "Ten thousand",
  schemaVersion: 39,
  panels: Array.from({ length: 10_000 }, (_, i) => panel(i + 1, "stat", `Panel ${i}`, "1")),
};

let files, pharos, chromium;
before(async () => {
  files = await folderOf({ "bad.json": bad, "many.json": many, "deep.json": `{"title":${"[".repeat(50_000)}` });
  pharos = await startPharos({ args: ["--grafana-provisioning", files.path] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await files?.remove();
});

test("scripts do not run, links lead nowhere, a regular expression without end is ended", async () => {
  const { page, faults, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/bad`);
  await panelOf(page, "Fine").waitFor();
  await until("the slow variable's message", () => page.locator('[title*="takes too long"]').count());
  for (const link of await page.locator("main a").all()) {
    assert.doesNotMatch((await link.getAttribute("href")) ?? "", /^\s*javascript:/i);
  }
  assert.doesNotMatch(await page.title(), /^taken$/);
  // The sanitiser's own parser meets the handlers first, and is refused them as everybody else.
  assert.deepEqual(faults.filter((fault) => !/img-src|inline event handler|script-src-attr/.test(fault)), []);
  await close();
});

test("ten thousand panels are two thousand, and the page answers", async () => {
  const { page, close } = await openPage(chromium, pharos.url);
  await page.goto(`${pharos.url}/d/many`);
  await panelOf(page, "Panel 0").waitFor();
  assert.equal(await page.locator("section[data-panel]").count(), 2000);
  await page.getByLabel("About this dashboard").click();
  await page.getByText("8000 panels beyond 2000 are not shown").waitFor();
  await close();
});

test("a file that is nested without end is listed with its reason", async () => {
  const list = await (await fetch(`${pharos.url}/api/pharos/v1/dashboards`)).json();
  assert.match(list.find((d) => d.source.endsWith("deep.json")).error, /recursion limit/);
});
