/**
 * What dashboards cost in a browser: `node tests/browser/bench.mjs`, with PHAROS_BIN naming a release build.
 *
 * Cold load (no cache) until the last panel in view is drawn, bytes, frame times while the mouse moves over shared
 * crosshairs, memory over ten refreshes. PHAROS_TEST_DATA adds Node Exporter Full.
 */

import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askedFor, exposition } from "./support/answers.mjs";
import { openPage, startChromium, until } from "./support/browser.mjs";
import { importHistory, pushHistory } from "./support/history.mjs";
import { panel, startPharos } from "./support/server.mjs";

const STEP_MS = 15_000;
const POINTS = 1000;
const PANELS = 16;
const MOST_SERIES = 100;
const LINES = 100_000;
/** Cold loads of each board; the one in the middle counts. */
const LOADS = 3;
const REFRESHES = Number(process.env.PHAROS_REFRESHES ?? 10);
const MOVES = 90;
/** The budgets: a first load in bytes, the last panel drawn, half of the frames at 60 a second. */
const BUDGET = { brotli: 300_000, drawnMs: 1000, frameMs: 17 };

const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
const startMs = endMs - (POINTS - 1) * STEP_MS;

/** Samples of every panel and series; `few` are the 20 of each panel that the first board asks for. */
function* samples() {
  for (let p = 0; p < PANELS; p++) {
    for (let s = 0; s < MOST_SERIES; s++) {
      const labels = `panel="${p}",series="node-${String(s).padStart(3, "0")}",few="${s < 20}"`;
      let page = "";
      for (let at = 0; at < POINTS; at++) {
        const value = 50 + 30 * Math.sin(at / (20 + s) + p) + ((at * 7919 + s * 104_729) % 97) / 10;
        page += `bench_load{${labels}} ${value.toFixed(3)} ${startMs + at * STEP_MS}\n`;
      }
      yield page;
    }
  }
}

const LEVELS = ["info", "info", "info", "debug", "warn", "error"];
const line = (i) => `{"level":"${LEVELS[i % 6]}","msg":"request finished","path":"/v1/chat/completions","status":${i % 50 === 0 ? 500 : 200},"duration_ms":${(i * 37) % 900},"request_id":"req-${i.toString(16).padStart(8, "0")}"}`;

function* lines() {
  for (const [name, share] of [["a", 0], ["b", 1]]) {
    const each = LINES / 2;
    const at = (i) => startMs + Math.floor(((i * 2 + share) * POINTS * STEP_MS) / LINES);
    yield { labels: { job: "bench", half: name }, lines: Array.from({ length: each }, (_, i) => [at(i), line(i * 2 + share)]) };
  }
}

const grid = (id, columns, h) => ({ x: ((id - 1) % columns) * (24 / columns), y: Math.floor((id - 1) / columns) * h, w: 24 / columns, h });
const charts = (selector) =>
  Array.from({ length: PANELS }, (_, p) =>
    panel(p + 1, "timeseries", `Load ${p}`, `bench_load{panel="${p}"${selector}}`, {
      gridPos: grid(p + 1, 4, 6),
      targets: [{ refId: "A", expr: `bench_load{panel="${p}"${selector}}`, legendFormat: "{{series}}", datasource: { type: "prometheus", uid: "p" } }],
      maxDataPoints: POINTS,
      interval: "15s",
      options: { tooltip: { mode: "multi", sort: "desc" }, legend: { showLegend: false } },
    }),
  );
const board = (uid, panels) => ({ uid, title: uid, schemaVersion: 39, graphTooltip: 1, panels });
const logs = panel(1, "logs", "Lines", "", {
  gridPos: { x: 0, y: 0, w: 24, h: 25 },
  targets: ["a", "b"].map((half, i) => ({ refId: "AB"[i], expr: `{job="bench", half="${half}"}`, maxLines: LINES / 2, datasource: { type: "loki", uid: "l" } })),
  options: { showTime: true, wrapLogMessage: false },
});

const BOARDS = {
  few: board("few", charts(', few="true"')),
  many: board("many", charts("")),
  logs: board("logs", [logs]),
};

/** Runs in the page: notes when every panel in the window is drawn. */
function watchPanels() {
  window.panelsDrawn = () => {
    const shown = [...document.querySelectorAll("section[data-panel]")].filter((s) => {
      const { top, bottom } = s.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    });
    const isDrawn = (s) => {
      if (s.querySelector('[role="progressbar"]')) return false;
      const canvas = s.querySelector("canvas");
      return canvas ? canvas.width > 0 : s.lastElementChild.innerText.trim() !== "";
    };
    return shown.length > 0 && shown.every(isDrawn);
  };
  const look = () => {
    if (window.panelsDrawn()) requestAnimationFrame((now) => (window.firstDrawnMs = now));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;

/** Frame times of what `act` does, in ms; the page's main thread works `busyMs` for it. */
async function frames(page, cdp, act) {
  const busy = async () => (await cdp.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration").value;
  await page.evaluate(() => {
    window.frameTimes = [];
    let last = performance.now();
    const tick = (now) => {
      window.frameTimes.push(now - last);
      last = now;
      window.ticking = requestAnimationFrame(tick);
    };
    window.ticking = requestAnimationFrame(tick);
  });
  const before = await busy();
  const tookMs = await act();
  const after = await busy();
  const times = await page.evaluate(() => {
    cancelAnimationFrame(window.ticking);
    return window.frameTimes.slice(2);
  });
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95), busyMs: (after - before) * 1000, tookMs };
}

async function heapMb(cdp) {
  for (let i = 0; i < 2; i++) await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await cdp.send("Memory.getDOMCounters");
  return { mb: usedSize / 1e6, nodes, listeners: jsEventListeners };
}

/** Opens a board in a browser that has never seen it; `bytes` goes on counting. */
async function openCold(chromium, url, path) {
  const { page, faults, close } = await openPage(chromium, url, { viewport: { width: 1600, height: 1050 } });
  await page.addInitScript(watchPanels);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
  await cdp.send("Performance.enable");
  const bytes = { ui: 0, data: 0 };
  const isData = new Map();
  cdp.on("Network.requestWillBeSent", ({ requestId, request }) => isData.set(requestId, new URL(request.url).pathname.startsWith("/api/")));
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes[isData.get(requestId) ? "data" : "ui"] += encodedDataLength;
  });
  await page.goto(`${url}${path}`);
  const drawnMs = await until("the panels in view", () => page.evaluate(() => window.firstDrawnMs));
  const paintMs = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN);
  return { page, cdp, faults, close, bytes, drawnMs, paintMs };
}

/** One board: opened cold, moved over, refreshed ten times. */
async function measure(chromium, url, uid, { act, query = `from=${startMs}&to=${endMs}&refresh=off` }) {
  const path = `/d/${uid}?${query}`;
  const before = [];
  for (let i = 1; i < LOADS; i++) {
    const cold = await openCold(chromium, url, path);
    before.push(cold);
    await cold.close();
  }
  const { page, cdp, faults, close, bytes, ...times } = await openCold(chromium, url, path);
  const middle = (pick) => quantile([...before, times].map(pick).sort((a, b) => a - b), 0.5);
  await page.waitForTimeout(500);
  const loaded = { ...bytes };
  const moved = await frames(page, cdp, () => act(page));
  const all = { ...bytes };
  const heaps = [];
  const refresh = page.getByRole("button", { name: "Refresh", exact: true });
  for (let i = 0; i <= REFRESHES; i++) {
    await refresh.click();
    await until("an answer", () => page.evaluate(() => document.querySelectorAll("section[data-panel] [role=progressbar]").length === 0 && window.panelsDrawn()));
    await page.waitForTimeout(250);
    heaps.push(await heapMb(cdp));
  }
  await close();
  // The first refresh makes what every later one replaces.
  const [first, last] = [heaps[1], heaps.at(-1)];
  return {
    ...moved,
    drawnMs: moved.tookMs ?? middle((t) => t.drawnMs),
    paintMs: middle((t) => t.paintMs),
    bytes: moved.tookMs ? all : loaded,
    heapMb: last.mb,
    growthMb: last.mb - first.mb,
    nodes: last.nodes - first.nodes,
    listeners: last.listeners - first.listeners,
    faults,
  };
}

/** The mouse goes over a panel in the middle, a move a frame. */
async function sweep(page) {
  const box = await page.locator("section[data-panel]").nth(5).boundingBox();
  for (let i = 0; i < MOVES; i++) {
    await page.mouse.move(box.x + 50 + ((box.width - 70) * i) / MOVES, box.y + box.height / 2 + (i % 9));
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

async function scroll(page) {
  const list = page.locator("section[data-panel]").first();
  const box = await list.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let i = 0; i < MOVES; i++) {
    await page.mouse.wheel(0, 400);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/** All rows opened, and every panel brought into view until it is drawn: how long that takes, in ms. */
async function seeAll(page) {
  const begun = performance.now();
  await page.evaluate(() => {
    for (const row of document.querySelectorAll('main button[aria-expanded="false"]:has(h2)')) row.click();
  });
  for (const seen = new Set(); ; ) {
    const next = await page.evaluate((known) => {
      const sections = [...document.querySelectorAll("section[data-panel]")];
      const open = sections.find((s) => !known.includes(s.dataset.panel));
      open?.scrollIntoView({ block: "start" });
      const isShown = (s) => s.getBoundingClientRect().top < innerHeight && s.getBoundingClientRect().bottom > 0;
      return open ? sections.filter(isShown).map((s) => s.dataset.panel) : [];
    }, [...seen]);
    if (next.length === 0) break;
    await until("the panels in view", () => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(window.panelsDrawn()))))));
    for (const key of next) seen.add(key);
  }
  return performance.now() - begun;
}

/** A history for everything that a file asks for. */
async function nodeExporterFull(url, uid) {
  const { dashboard } = await (await fetch(`${url}/api/pharos/v1/dashboards/${uid}`)).json();
  const { metrics } = askedFor([dashboard]);
  const pages = (function* () {
    for (let at = startMs; at <= endMs; at += STEP_MS * 4) yield exposition(metrics, (at - startMs) / 1000 + 3600, at);
  })();
  await importHistory(url, pages);
  return (dashboard.panels ?? []).flatMap((p) => [p, ...(p.panels ?? [])]).filter((p) => p.type !== "row").length;
}

const folder = await mkdtemp(join(tmpdir(), "pharos-bench-"));
for (const [name, content] of Object.entries(BOARDS)) await writeFile(join(folder, `${name}.json`), JSON.stringify(content));
const full = join(process.env.PHAROS_TEST_DATA ?? "", "dashboards/corpus/rfmoz__grafana-dashboards__node-exporter-full.json");
const hasFull = Boolean(process.env.PHAROS_TEST_DATA) && existsSync(full);
if (hasFull) await copyFile(full, join(folder, "node-exporter-full.json"));
const pharos = await startPharos({ args: ["--no-collect", "--grafana-provisioning", folder] });
const chromium = await startChromium();
try {
  await importHistory(pharos.url, samples());
  await pushHistory(pharos.url, lines());
  const rows = [];
  const run = async (name, uid, how) => rows.push([name, await measure(chromium, pharos.url, uid, how)]);
  await run("(warm-up)", "few", { act: sweep });
  rows.length = 0;
  await run(`${PANELS} panels x 20 series x ${POINTS} points`, "few", { act: sweep });
  await run(`${PANELS} panels x ${MOST_SERIES} series x ${POINTS} points`, "many", { act: sweep });
  await run(`${LINES.toLocaleString("en-US")} log lines, scrolled`, "logs", { act: scroll });
  if (hasFull) {
    const uid = JSON.parse(await readFile(full, "utf8")).uid;
    const count = await nodeExporterFull(pharos.url, uid);
    await run(`Node Exporter Full (${count} panels), first screen`, uid, { act: sweep });
    await run("the same, all rows opened and seen", uid, { act: seeAll });
  }
  report(rows);
} finally {
  await chromium.close();
  await pharos.stop();
  await rm(folder, { recursive: true, force: true });
}

function report(rows) {
  const ms = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  const kb = (value) => `${Math.round(value / 1000)} kB`;
  const cells = rows.map(([name, r]) => [
    name,
    ms(r.paintMs),
    ms(r.drawnMs),
    kb(r.bytes.ui),
    kb(r.bytes.data),
    `${ms(r.p50)} / ${ms(r.p95)}`,
    ms(r.busyMs),
    `${r.heapMb.toFixed(1)} MB`,
    `${r.growthMb >= 0 ? "+" : ""}${r.growthMb.toFixed(2)} MB, ${r.nodes} nodes, ${r.listeners} listeners`,
  ]);
  const head = ["", "first paint", "last panel drawn", "UI", "data", "frames p50 / p95", "main thread", "heap", `growth over ${REFRESHES - 1} refreshes`];
  const table = [head, head.map(() => "---"), ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
  console.log(`\n${table}\n`);
  const [, first] = rows[0];
  const verdict = (what, value, bound) => console.log(`${value <= bound ? "within" : "OVER"}: ${what} ${Math.round(value)} of ${bound}`);
  verdict("first dashboard, bytes of the UI", first.bytes.ui, BUDGET.brotli);
  verdict("last of 16 panels drawn, ms", first.drawnMs, BUDGET.drawnMs);
  verdict("crosshair, ms of the median frame", first.p50, BUDGET.frameMs);
  for (const [name, { faults }] of rows) for (const fault of faults) console.log(`FAULT in ${name}: ${fault}`);
}
