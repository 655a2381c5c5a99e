/** A Pharos of its own for each story: fresh data, a free port, ended with the test. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Generous: machines are slow sometimes, and what waits for something ends as soon as it is there. */
export const PATIENCE_MS = process.env.PHAROS_SOAK === "1" ? 240_000 : 90_000;

/**
 * Starts the binary and waits until it is ready.
 *
 * `args` come after the usual ones; `listen` is an address with port 0.
 */
export async function startPharos({ command = "serve", args = [], env = {}, listen = "127.0.0.1:0" } = {}) {
  const binary = process.env.PHAROS_BIN;
  assert.ok(binary, "PHAROS_BIN names the binary under test");
  const folder = await mkdtemp(join(tmpdir(), "pharos-browser-"));
  const all = [command, "--data", join(folder, "data"), "--listen", listen, "--log-format", "json", ...args];
  const child = spawn(binary, all, {
    env: { PATH: "/usr/bin:/bin", HOME: folder, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await readyUrl(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readyUrl(child) {
  return new Promise((resolve, reject) => {
    const seen = [];
    const fail = (why) => reject(new Error(`Pharos is not ready: ${why}; its log:\n${seen.join("\n")}`));
    const timer = setTimeout(() => fail("it took too long"), PATIENCE_MS);
    child.once("exit", (code) => fail(`it ended with ${code}`));
    // The pipe is read to its end: a server that cannot write its log would stand still.
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (seen.length < 200) seen.push(line);
      const url = line.includes("Pharos is ready") && /"url":"([^"]+)"/.exec(line)?.[1];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

/** A folder of files, removed by `remove`. */
export async function folderOf(files) {
  const path = await mkdtemp(join(tmpdir(), "pharos-files-"));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(path, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** A program that is scraped: answers `/metrics` with `text`, which may be made at each scrape. */
export async function startExporter(text) {
  const server = createServer((_request, response) => {
    const page = typeof text === "function" ? text() : text;
    const type = page.trimEnd().endsWith("# EOF") ? OPEN_METRICS : "text/plain; version=0.0.4";
    response.writeHead(200, { "content-type": type }).end(page);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${server.address().port}`;
  const config = { scrape_configs: [{ job_name: "demo", scrape_interval: "1s", static_configs: [{ targets: [address] }] }] };
  const stop = () => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  });
  // JSON is YAML.
  return { address, config: JSON.stringify(config), stop };
}

/** A panel in Grafana's schema. */
export function panel(id, type, title, expr, more = {}) {
  const datasource = type === "logs" ? { type: "loki", uid: "loki" } : { type: "prometheus", uid: "prometheus" };
  const gridPos = { x: ((id - 1) % 2) * 12, y: Math.floor((id - 1) / 2) * 8, w: 12, h: 8 };
  const targets = expr ? [{ refId: "A", expr, datasource }] : [];
  return { id, type, title, datasource, gridPos, targets, fieldConfig: { defaults: {}, overrides: [] }, options: {}, ...more };
}
