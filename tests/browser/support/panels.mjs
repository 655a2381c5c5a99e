/** Looking at panels. */

import { until } from "./browser.mjs";

export const panelOf = (page, title) => page.locator(`section[data-panel][aria-label=${JSON.stringify(title)}]`);

/** Pixels of colour (axes and grids are grey) on the panel's chart. */
export const ink = (panel) =>
  panel.evaluate((section) => {
    const canvas = section.querySelector("canvas");
    if (!canvas || canvas.width === 0) return 0;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b, a] = [data[i], data[i + 1], data[i + 2], data[i + 3]];
      if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 50) coloured += 1;
    }
    return coloured;
  });

/** The error and warning marks of all panels, each with its panel's name. */
export const marks = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('section[data-panel] button[aria-label^="Error: "], section[data-panel] button[aria-label^="Warning: "]')].map(
      (mark) => `${mark.closest("section").getAttribute("aria-label")}: ${mark.getAttribute("aria-label")}`,
    ),
  );

/** Scrolls through the page so that every panel has been in view, then waits until `quiet` panels alone are empty. */
export async function waitUntilDrawn(page, mayBeEmpty = []) {
  await until("panels with data", async () => {
    const empty = await page.evaluate(async () => {
      const sections = [...document.querySelectorAll("section[data-panel]")];
      const isEmpty = (section) => {
        const canvas = section.querySelector("canvas");
        if (canvas) return canvas.width === 0;
        const text = section.innerText.replace(section.querySelector("h3")?.innerText ?? "", "").trim();
        return text === "" || /No data|No query/.test(text);
      };
      // A panel asks for its data once it has been seen, and what is scrolled past within one frame is not.
      for (const section of sections.filter(isEmpty)) {
        section.scrollIntoView({ block: "center" });
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      }
      return sections.length === 0 ? ["no panels"] : sections.filter(isEmpty).map((s) => s.getAttribute("aria-label"));
    });
    const left = empty.filter((title) => !mayBeEmpty.includes(title));
    if (left.length > 0) throw new Error(`empty: ${left.join(", ")}`);
    return true;
  });
}
