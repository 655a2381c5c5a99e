/** A panel as a PNG, made in the page. */

import { toBlob } from "html-to-image";
import { downloadBlob } from "../../lib/clipboard";

/** Pixels a CSS pixel: sharp in a report. */
const RATIO = 2;

export async function savePanelImage(key: string, title: string): Promise<void> {
  const card = document.querySelector<HTMLElement>(`section[data-panel="${CSS.escape(key)}"]`);
  if (!card) throw new Error("the panel is not on the screen");
  const background = getComputedStyle(document.body).backgroundColor;
  const blob = await toBlob(card, {
    pixelRatio: RATIO,
    backgroundColor: background,
    // Fonts are the system's own: there is nothing to fetch.
    skipFonts: true,
    filter: (node) => !(node instanceof HTMLElement && node.dataset.screenOnly !== undefined),
  });
  if (!blob) throw new Error("the browser made no picture of the panel");
  downloadBlob(`${title.replace(/[^\p{L}\p{N}._ -]+/gu, " ").trim() || "panel"}.png`, blob);
}
