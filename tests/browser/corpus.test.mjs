/**
 * Real dashboards over data made for their queries: every panel draws or says why not. Fifteen files; with
 * PHAROS_SOAK=1 all of them, and with PHAROS_SHEETS=<folder> pictures of each and a sheet of all.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { askedFor, historyOf, PAST_MS, pushLines } from "./support/answers.mjs";
import { openPage, startChromium, until } from "./support/browser.mjs";
import { importHistory } from "./support/history.mjs";
import { PATIENCE_MS, startPharos } from "./support/server.mjs";

const root = process.env.PHAROS_TEST_DATA ? join(process.env.PHAROS_TEST_DATA, "dashboards/corpus") : "";
const skip = root && existsSync(root) ? false : "PHAROS_TEST_DATA has no dashboards";
const soak = process.env.PHAROS_SOAK === "1";
/** `PHAROS_ONLY=<part of a name>`: those files alone. */
const only = process.env.PHAROS_ONLY;
const sheets = process.env.PHAROS_SHEETS;
/** `PHAROS_FROM=<n>`: goes on with the n-th file of a run that was cut off. */
const from = Number(process.env.PHAROS_FROM ?? 0);
/** A browser that has opened a hundred pages of fifty charts each grows slow: a new one takes over before. */
const PAGES_A_BROWSER = 30;

/** Of every kind: old and new schemas, v2, rows, repeats, tables, logs, heatmaps, transformations. */
const SOME = [
  /^Altinity.*Operator_dashboard/,
  /^Altinity.*Zookeeper/,
  /^ColeMurray/,
  /^GiacomoPauletti/,
  /pgwatch__0-health-check/,
  /pgwatch__5-table/,
  /BatchLocaLLM__batch-processing/,
  /BatchLocaLLM__gpu-inference/,
  /dockprom__docker_host/,
  /slurm-exporter__security/,
  /dcgm/i,
  /vllm/i,
  /node.?exporter/i,
  /temporal/i,
  /loki/i,
];

/** Each dashboard has a half hour of its own, so that the series of one never answer the variables of another. */
const APART_MS = 6 * 3_600_000;
const lastMs = Math.floor(Date.now() / 60_000) * 60_000;
const endOf = (place) => lastMs - place * APART_MS;

let folder, pharos, chromium;
const results = [];
before(async () => {
  if (skip) return;
  const all = (await readdir(root)).filter((name) => name.endsWith(".json") && name !== "index.json").sort();
  const chosen = only ? all.filter((name) => name.includes(only)) : soak ? all : [...new Set(SOME.map((pattern) => all.find((name) => pattern.test(name))))].filter(Boolean);
  folder = await mkdtemp(join(tmpdir(), "pharos-corpus-"));
  await mkdir(join(folder, "boards"));
  for (const name of chosen) await copyFile(join(root, name), join(folder, "boards", name));
  // A first server brings the files to one schema: the queries are read from that.
  const reader = await startPharos({ args: ["--no-collect", "--grafana-provisioning", join(folder, "boards")] });
  const dashboards = await loadAll(reader.url);
  await reader.stop();
  const asked = dashboards.map((d) => askedFor([d.dashboard]));
  // Retention 0: any time is taken.
  pharos = await startPharos({ args: ["--no-collect", "--retention", "0", "--grafana-provisioning", join(folder, "boards")] });
  const pages = function* () {
    for (let place = asked.length - 1; place >= 0; place--) yield* historyOf(asked[place].metrics, endOf(place));
  };
  await importHistory(pharos.url, pages());
  for (const [place, { streams }] of asked.entries()) await pushLines(pharos.url, streams, endOf(place));
  chromium = await startChromium();
  if (sheets) await mkdir(sheets, { recursive: true });
  const metrics = new Set(asked.flatMap((one) => [...one.metrics.keys()]));
  console.log(`${chosen.length} files ask for ${metrics.size} metrics and ${asked.flatMap((one) => one.streams).length} log streams`);
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function loadAll(url) {
  const list = await (await fetch(`${url}/api/pharos/v1/dashboards`)).json();
  const files = list.filter((d) => d.source !== "built-in");
  return Promise.all(files.map(async (d) => (await fetch(`${url}/api/pharos/v1/dashboards/${encodeURIComponent(d.uid)}`)).json()));
}

/** Pictures of whole pages are large: half as many pixels a side are enough to look at. */
const LOOK = { viewport: { width: 1440, height: 1000 }, ...(sheets ? { deviceScaleFactor: 0.6 } : {}) };

/** Opens all rows, brings each panel into view, and says what each shows. */
async function look(page) {
  await until("the dashboard", () => page.locator("section[data-panel], main button[aria-expanded]:has(h2)").count());
  await page.evaluate(() => {
    for (const row of document.querySelectorAll('main button[aria-expanded="false"]:has(h2)')) row.click();
  });
  return page.evaluate(async () => {
    const seen = new Map();
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const state = (section) => {
      if (section.querySelector('[role="progressbar"]')) return null;
      const body = section.lastElementChild?.innerText ?? section.innerText;
      const error = section.querySelector('button[aria-label^="Error: "]');
      if (error) return `error: ${error.getAttribute("aria-label").slice(7, 200)}`;
      if (/No data/.test(body) && !section.querySelector("canvas")) return "no data";
      if (/^No query$/.test(body.trim())) return "no query";
      const canvas = section.querySelector("canvas");
      if (canvas && canvas.width === 0) return null;
      return canvas || section.querySelector("svg, table, [role=row], img") || body.trim() ? "drawn" : null;
    };
    const deadline = Date.now() + 40_000;
    for (;;) {
      const sections = [...document.querySelectorAll("section[data-panel]")];
      const open = sections.filter((s) => !seen.get(s.dataset.panel));
      if (sections.length > 0 && open.length === 0) break;
      if (Date.now() > deadline) {
        for (const s of open) seen.set(s.dataset.panel, { title: s.getAttribute("aria-label"), state: "never settled" });
        break;
      }
      for (const section of open) {
        section.scrollIntoView({ block: "center" });
        await pause(30);
        const now = state(section);
        if (now) seen.set(section.dataset.panel, { title: section.getAttribute("aria-label"), state: now });
      }
      await pause(100);
    }
    window.scrollTo(0, 0);
    return [...seen.values()];
  });
}

test("every file shows what it has", { skip, timeout: soak ? 3_600_000 : 600_000 }, async () => {
  const dashboards = await loadAll(pharos.url);
  assert.ok(only || dashboards.length > 10, `${dashboards.length} dashboards`);
  for (const [place, { meta }] of dashboards.entries()) {
    if (place < from) continue;
    if (place % PAGES_A_BROWSER === PAGES_A_BROWSER - 1) {
      await chromium.close();
      chromium = await startChromium();
    }
    const { page, faults, close } = await openPage(chromium, pharos.url, LOOK);
    await page.goto(`${pharos.url}/d/${encodeURIComponent(meta.uid)}?from=${endOf(place) - PAST_MS}&to=${endOf(place)}&refresh=off`);
    const panels = await look(page);
    if (sheets) await page.screenshot({ path: join(sheets, `${meta.uid.replace(/\W/g, "_")}.png`), fullPage: true, timeout: PATIENCE_MS });
    results.push({ title: meta.title, uid: meta.uid, source: meta.source, panels, faults });
    if (sheets) await writeFile(join(sheets, "results.json"), JSON.stringify(results, null, 1));
    await close();
  }
  const all = results.flatMap((r) => r.panels);
  const count = (wanted) => all.filter((p) => p.state.startsWith(wanted)).length;
  console.log(`${results.length} dashboards, ${all.length} panels: ${count("drawn")} drawn, ${count("no data")} without data, ${count("no query")} without a query, ${count("error")} with an error, ${count("never")} never settled`);
  const missing = all.filter((p) => p.state.includes("not available")).length;
  console.log(`${missing} of the errors: a source that is not available in this version`);
  if (sheets) await contactSheet();
  const faults = results.flatMap((r) => r.faults.map((fault) => `${r.title}: ${fault}`));
  assert.deepEqual(faults, []);
  assert.equal(count("never"), 0, JSON.stringify(results.flatMap((r) => r.panels.filter((p) => p.state.startsWith("never")).map((p) => `${r.title}: ${p.title}`))));
  // What stays empty asks for label values that nobody can guess.
  assert.ok(count("drawn") > 0.7 * (all.length - missing), "most panels are drawn");
});

/** One picture with all of them, and a list of what each lacks. */
async function contactSheet() {
  const cell = ({ uid, title, panels }) => {
    const drawn = panels.filter((p) => p.state === "drawn").length;
    return `<figure><div><img src="${uid.replace(/\W/g, "_")}.png"></div><figcaption>${title.replaceAll("<", "&lt;")} ${drawn}/${panels.length}</figcaption></figure>`;
  };
  const html = `<style>body{margin:8px;background:#222;color:#ddd;font:11px sans-serif;display:grid;grid-template-columns:repeat(6,1fr);gap:8px}figure{margin:0}div{height:210px;overflow:hidden}img{width:100%}</style>${results.map(cell).join("")}`;
  await writeFile(join(sheets, "index.html"), html);
  const page = await chromium.newPage({ viewport: { width: 1900, height: 1000 } });
  await page.goto(`file://${join(sheets, "index.html")}`);
  await page.screenshot({ path: join(sheets, "sheet.png"), fullPage: true });
  await page.close();
}
