/** Text panels' Markdown and HTML made harmless. */

import DOMPurify from "dompurify";
import { marked } from "marked";
import { isOwnImage } from "../links";

const PLACEHOLDER = "External image";

let purifier: typeof DOMPurify | undefined;

function ready(): typeof DOMPurify {
  if (purifier === undefined) {
    purifier = DOMPurify(window);
    purifier.addHook("afterSanitizeAttributes", (node) => {
      if (node.tagName === "A") {
        node.setAttribute("rel", "noreferrer noopener");
      }
      if (node.tagName === "IMG" && !isOwnImage(node.getAttribute("src") ?? "")) {
        replaceImage(node);
      }
      // A style may fetch what an image may not.
      if (/url\s*\(|@import|expression\s*\(/i.test(node.getAttribute("style") ?? "")) {
        node.removeAttribute("style");
      }
    });
  }
  return purifier;
}

function replaceImage(image: Element): void {
  const note = image.ownerDocument.createElement("span");
  note.className = "external-image";
  note.textContent = image.getAttribute("alt") || PLACEHOLDER;
  note.title = image.getAttribute("src") ?? "";
  image.replaceWith(note);
}

const FORBIDDEN_TAGS = [
  "style",
  "form",
  "input",
  "button",
  "textarea",
  "select",
  "iframe",
  "object",
  "embed",
  "link",
  "base",
];

/** HTML without scripts, styles of the page, forms and foreign pictures. */
export function sanitizeHtml(html: string): string {
  return ready().sanitize(html, {
    FORBID_TAGS: FORBIDDEN_TAGS,
    FORBID_ATTR: ["srcset", "background", "poster"],
    ADD_ATTR: ["target"],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
  });
}

export function renderMarkdown(markdown: string): string {
  return sanitizeHtml(marked.parse(markdown, { async: false, gfm: true }));
}
