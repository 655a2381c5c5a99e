/**
 * The dashboards of a user's batch server, from its own Grafana folder, beside what their author says that they show.
 * With PHAROS_SHEETS=<folder>: pictures in both themes.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { batchServerHistory } from "./support/batch-server.mjs";
import { openPage, startChromium, until } from "./support/browser.mjs";
import { importHistory } from "./support/history.mjs";
import { ink, marks, panelOf, waitUntilDrawn } from "./support/panels.mjs";
import { startPharos } from "./support/server.mjs";

const root = process.env.PHAROS_TEST_DATA ? join(process.env.PHAROS_TEST_DATA, "users/batch-server/monitoring/grafana") : "";
const skip = root && existsSync(root) ? false : "PHAROS_TEST_DATA has no batch server";
const sheets = process.env.PHAROS_SHEETS;

const [GREEN, YELLOW] = ["#73BF69", "#FADE2A"];
const lines = (...names) => ({ draws: "lines", names });
const value = (text, color) => ({ draws: "value", text, color });

/** Title and what the author describes: series by name, a value with its unit, the colour of its threshold. */
const BATCH = {
  "📊 Batch Jobs by Status": { ...lines("Validating", "In Progress", "Completed", "Failed"), stacked: true },
  "🎯 Queue Depth": value(/^6$/m, YELLOW),
  "✅ Success Rate (Last Hour)": value(/97(\.0)?\s*%/, GREEN),
  "📈 Total Batches Processed": value(/360/),
  "⚡ Request Throughput (req/sec)": lines("gemma-3-4b-it"),
  "⏱️ Batch Processing Duration (P95)": lines("gemma-3-4b-it (P95)", "gemma-3-4b-it (P50)"),
  "📦 Chunk Processing Duration": lines("gemma-3-4b-it (P95)", "gemma-3-4b-it (P50)"),
  "📊 Chunk Size Distribution": { draws: "cells" },
  "🔢 Total Requests Processed": { ...lines("Completed", "Failed"), stacked: true },
  "⏳ Queue Wait Time (P95)": value(/(s|min)/, YELLOW),
};
const GPU = {
  "🎮 GPU Temperature": value(/72(\.0)?\s*°C/, YELLOW),
  "💾 GPU Memory Usage": value(/85(\.0)?\s*%/, YELLOW),
  "⚡ GPU Utilization": value(/91(\.0)?\s*%/, GREEN),
  "🔢 Model Loaded Status": value(/gemma-3-4b-it[^]*1/),
  "📈 GPU Memory Over Time": lines("GPU 0 Used", "GPU 0 Total"),
  "🌡️ GPU Temperature Over Time": lines("GPU 0"),
  "🚀 Inference Throughput (tokens/sec)": lines("gemma-3-4b-it"),
  "🔢 Total Tokens Generated": lines("gemma-3-4b-it"),
  "⏱️ Inference Duration (P95)": lines("gemma-3-4b-it (P95)", "gemma-3-4b-it (P50)"),
  "📊 Model Load Duration": value(/\d\s*(s|mins?)$/m),
  "📦 Chunks Processed": { ...lines("gemma-3-4b-it (Completed)", "gemma-3-4b-it (Failed)"), stacked: true },
  "⚡ Token Generation Rate": value(/14[45]\d\s*tps|1\.45\s*K\s*tps|gemma[^]*tps/),
};

let pharos, chromium;
before(async () => {
  if (skip) return;
  pharos = await startPharos({ args: ["--no-collect", "--grafana-provisioning", root] });
  await importHistory(pharos.url, batchServerHistory(Math.floor(Date.now() / 1000) * 1000));
  chromium = await startChromium();
  if (sheets) await mkdir(sheets, { recursive: true });
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
});

async function checkPanel(page, title, expected) {
  const panel = panelOf(page, title);
  await panel.scrollIntoViewIfNeeded();
  if (expected.draws === "lines") {
    await until(`lines in ${title}`, async () => (await ink(panel)) > 100);
    assert.deepEqual(await panel.locator("ul li button").allInnerTexts(), expected.names, title);
  } else if (expected.draws === "cells") {
    await until(`cells in ${title}`, async () => (await ink(panel)) > 2000);
  } else {
    const text = await until(`a value in ${title}`, async () => (await panel.innerText()).replace(title, "").trim());
    const drawn = await panel.evaluate((section) => [...section.querySelectorAll("text")].map((t) => t.textContent).join("\n"));
    assert.match(`${text}\n${drawn}`, expected.text, title);
    if (!expected.color) return;
    const html = (await panel.innerHTML()).toLowerCase();
    assert.ok([expected.color.toLowerCase(), asRgb(expected.color)].some((color) => html.includes(color)), `${title} is ${expected.color}`);
  }
}

const asRgb = (hex) => `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(", ")})`;

for (const [dashboard, panels] of [["vLLM Batch Processing", BATCH], ["vLLM GPU & Inference", GPU]]) {
  test(`${dashboard} shows what its author describes`, { skip }, async () => {
    const list = await (await fetch(`${pharos.url}/api/pharos/v1/dashboards`)).json();
    const { uid } = list.find(({ title }) => title === dashboard);
    for (const colorScheme of ["dark", "light"]) {
      const { page, faults, close } = await openPage(chromium, pharos.url, { colorScheme, viewport: { width: 1600, height: 1300 } });
      await page.goto(`${pharos.url}/d/${encodeURIComponent(uid)}?refresh=off`);
      await waitUntilDrawn(page);
      const titles = await page.locator("section[data-panel]").evaluateAll((all) => all.map((s) => s.getAttribute("aria-label")));
      assert.deepEqual(titles.sort(), Object.keys(panels).sort());
      if (colorScheme === "dark") for (const [title, expected] of Object.entries(panels)) await checkPanel(page, title, expected);
      assert.deepEqual(await marks(page), []);
      assert.deepEqual(faults, []);
      if (sheets) {
        await page.evaluate(() => window.scrollTo(0, 0));
        await page.screenshot({ path: join(sheets, `${uid}-${colorScheme}.png`), fullPage: true });
      }
      await close();
    }
  });
}
