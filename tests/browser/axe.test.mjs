/** Nothing serious for axe on any page, in both themes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { openPage, startChromium } from "./support/browser.mjs";
import { waitUntilDrawn } from "./support/panels.mjs";
import { folderOf, panel, startPharos } from "./support/server.mjs";

const AXE = readFileSync(new URL("../../web/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

const legend = { legend: { displayMode: "table", placement: "right", calcs: ["mean"], showLegend: true } };
const board = {
  uid: "all",
  title: "All kinds",
  time: { from: "now-5m", to: "now" },
  refresh: "5s",
  tags: ["a"],
  schemaVersion: 39,
  templating: {
    list: [
      { name: "job", type: "query", query: "label_values(up, job)", includeAll: true, multi: true, current: { value: "$__all" } },
      { name: "text", type: "textbox", query: "x" },
      { name: "filters", type: "adhoc", datasource: { type: "prometheus", uid: "p" }, filters: [{ key: "job", operator: "!=", value: "x" }] },
      { name: "extra", type: "switch", current: { value: "true" }, options: [{ value: "true" }, { value: "false" }] },
    ],
  },
  annotations: { list: [{ name: "Starts", expr: "up > 0", datasource: { type: "prometheus", uid: "p" }, iconColor: "red" }] },
  panels: [
    panel(1, "timeseries", "Lines", "up", { options: legend, description: "What this is" }),
    panel(2, "stat", "Stat", "up"),
    panel(3, "gauge", "Gauge", "up"),
    panel(4, "bargauge", "Bars", "up"),
    panel(5, "table", "Table", "up"),
    panel(6, "text", "Words", "", { options: { mode: "markdown", content: "# One\n\n[a link](/d/host)" } }),
    panel(7, "logs", "Lines of the log", '{job="pharos"}'),
    panel(8, "piechart", "Pie", "up"),
    panel(9, "timeseries", "Wrong", "sum("),
  ],
};
const PAGES = [
  ["/", "Storage"],
  ["/dashboards", "Pharos itself"],
  ["/import", "Look at it"],
  ["/d/all", "Lines"],
  ["/d/all?viewPanel=panel-1", "Back to the dashboard"],
  ["/d/all?inspect=1", "Queries"],
  ["/d/nonsense", "No dashboard has the uid"],
  ["/explore", "Ask for metrics"],
];

let files, pharos, chromium;
before(async () => {
  files = await folderOf({ "all.json": board });
  pharos = await startPharos({ args: ["--grafana-provisioning", files.path] });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await pharos?.stop();
  await files?.remove();
});

for (const colorScheme of ["dark", "light"]) {
  test(`axe finds nothing serious, ${colorScheme}`, async () => {
    const { page, close } = await openPage(chromium, pharos.url, { colorScheme });
    const found = [];
    for (const [path, text] of PAGES) {
      await page.goto(`${pharos.url}${path}`);
      await page.getByText(text).first().waitFor();
      if (path === "/d/all") await waitUntilDrawn(page, ["Wrong"]);
      await page.evaluate(AXE);
      const violations = await page.evaluate(async () => {
        const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
        // A value wears the colour that its dashboard's thresholds give it.
        const isValue = ({ target }) => document.querySelector(target.at(-1))?.closest("section[data-panel] [class*=value]");
        for (const v of violations) if (v.id === "color-contrast") v.nodes = v.nodes.filter((n) => !isValue(n));
        return violations.filter((v) => v.nodes.length > 0).map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((n) => n.html.slice(0, 160)) }));
      });
      for (const v of violations) {
        if (v.impact === "serious" || v.impact === "critical") found.push(`${path}: ${v.id} (${v.impact}): ${v.nodes.slice(0, 3).join(" | ")}`);
      }
    }
    assert.deepEqual(found, []);
    await close();
  });
}
