/** Data with a past: samples go through `pharos import`, lines through Loki's push. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Exposition text with timestamps in ms, brought to the server as its history.
 *
 * `pages` gives it piece by piece: a long history need not stand in memory.
 */
export async function importHistory(url, pages) {
  const folder = await mkdtemp(join(tmpdir(), "pharos-history-"));
  try {
    const file = join(folder, "history.txt");
    const out = createWriteStream(file);
    for (const page of pages) if (!out.write(page)) await once(out, "drain");
    out.end();
    await once(out, "close");
    await runPharos(["import", "--text", "--url", url, file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runPharos(args) {
  const child = spawn(process.env.PHAROS_BIN, args, { env: { PATH: "/usr/bin:/bin" }, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => {
    said = (said + data).slice(-2000);
  });
  const [code] = await once(child, "close");
  assert.equal(code, 0, `pharos ${args[0]}: ${said}`);
}

/** Lines of streams, as `{ labels, lines: [[ms, text], …] }`, in requests of a bounded size. */
export async function pushHistory(url, streams, linesEach = 20_000) {
  for (const { labels, lines } of streams) {
    for (let at = 0; at < lines.length; at += linesEach) {
      const values = lines.slice(at, at + linesEach).map(([ms, text], i) => [`${ms}${String(i % 1_000_000).padStart(6, "0")}`, text]);
      const answer = await fetch(`${url}/loki/api/v1/push`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ streams: [{ stream: labels, values }] }),
      });
      assert.ok(answer.ok, `pushing lines: ${answer.status}`);
    }
  }
}
