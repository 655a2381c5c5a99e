/** Markdown within a cell of a table. */

import { useMemo } from "react";
import { renderMarkdown } from "./sanitize";
import styles from "./text.module.css";

export default function MarkdownCell({ text }: { text: string }) {
  const html = useMemo(() => renderMarkdown(text), [text]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised above.
  return <div className={`${styles.body} ${styles.inCell}`} dangerouslySetInnerHTML={{ __html: html }} />;
}
