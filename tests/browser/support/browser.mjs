/** Chromium, with an eye on what pages must never do. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "../../../web/node_modules/playwright-core/index.mjs";
import { PATIENCE_MS } from "./server.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export async function startChromium() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
  assert.ok(executablePath, "Chromium is installed: make browser");
  // Each start has a profile folder of its own.
  return chromium.launch({ executablePath, args: FLAGS, timeout: PATIENCE_MS });
}

/**
 * A page whose every fault is written down: exceptions, violations of the Content-Security-Policy, answers of 500 and
 * more, requests to another server than `url`'s.
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, colorScheme: "dark", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults = [];
  const home = new URL(url).host;
  context.on("request", (request) => {
    const asked = new URL(request.url());
    if (/^(https?|wss?):$/.test(asked.protocol) && asked.host !== home) faults.push(`asked ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} from ${response.url()}`);
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|violates the following/i.test(message.text())) faults.push(message.text());
  });
  await page.exposeFunction("pharosTestFault", (fault) => faults.push(fault));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.pharosTestFault(`violates ${event.effectiveDirective}: ${event.blockedURI}`);
    });
  });
  return { page, context, faults, close: () => context.close() };
}

/** Waits until `condition` (which runs here) is truthy, and gives its value. */
export async function until(what, condition) {
  const deadline = Date.now() + PATIENCE_MS;
  let last;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}; last: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const searchOf = (page) => new URL(page.url()).searchParams;

/** How much wider than the screen the page is. */
export const sideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
