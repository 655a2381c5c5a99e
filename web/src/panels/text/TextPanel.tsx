/** Text: Markdown, HTML or code, with the dashboard's variables. */

import { useMemo } from "react";
import type { PanelModel, PanelProps } from "../types";
import { renderMarkdown, sanitizeHtml } from "./sanitize";
import styles from "./text.module.css";

export default function TextPanel({ panel, width, height, interpolate }: PanelProps) {
  const { mode, content } = textOf(panel);
  const text = interpolate(content);
  const html = useMemo(
    () => (mode === "code" ? "" : mode === "html" ? sanitizeHtml(text) : renderMarkdown(text)),
    [mode, text],
  );
  return (
    <div
      className={styles.text}
      style={{ width, height }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      role="document"
      aria-label={panel.title || "Text"}
    >
      {mode === "code" ? (
        <pre className={styles.code}>{text}</pre>
      ) : (
        // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised above.
        <div className={styles.body} dangerouslySetInnerHTML={{ __html: html }} />
      )}
    </div>
  );
}

/** Old files keep mode and content on the panel itself. */
function textOf(panel: PanelModel): { mode: string; content: string } {
  const mode = panel.options?.mode ?? panel.mode;
  const content = panel.options?.content ?? panel.content;
  return { mode: typeof mode === "string" ? mode : "markdown", content: typeof content === "string" ? content : "" };
}
