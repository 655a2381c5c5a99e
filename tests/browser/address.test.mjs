/** What listens on every address is tested in a network of its own, where nobody else can reach it. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const story = fileURLToPath(new URL("own-network/address.mjs", import.meta.url));
/** 192.0.2.0/24 is for documentation (RFC 5737): a browser takes it for an address like any other. */
const network = "ip link set lo up && ip address add 192.0.2.1/32 dev lo";

/** Runs a command line in a new network; root may make one as it is. */
function inOwnNetwork(command) {
  const flags = process.getuid() === 0 ? ["--net"] : ["--net", "--map-root-user"];
  // A test runner inside a test runner reports on its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync("unshare", [...flags, "sh", "-c", `${network} && ${command}`], { env, encoding: "utf8" });
}

const allowed = inOwnNetwork("true").status === 0;
const options = allowed ? {} : { skip: "no network namespace can be made here (unshare, ip)" };

test("over the machine's own address, with a password, in plain http", options, () => {
  const { status, stdout, stderr } = inOwnNetwork(`exec "${process.execPath}" --test "${story}"`);
  assert.equal(status, 0, `${stdout}\n${stderr}`);
});
