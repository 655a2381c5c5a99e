/** Annotations list: the dashboard's events, the newest first; a click shows the time around one. */

import { colorByName } from "../../lib/colors";
import { parseDuration } from "../../lib/duration";
import { formatDate } from "../../lib/format";
import type { Annotation } from "../events";
import styles from "../lists.module.css";
import { numberOption, textOption } from "../options";
import { PanelNote } from "../PanelNote";
import { plainText } from "../timeseries/overlays";
import type { PanelModel, PanelProps } from "../types";

const DEFAULT_AROUND = "10m";
const MAX_ITEMS = 500;

export default function AnnoListPanel({ panel, annotations, theme, timeZone, width, height, onZoom }: PanelProps) {
  const shown = listedAnnotations(panel, annotations ?? []);
  if (shown.length === 0) {
    return <PanelNote width={width} height={height} text="No annotations in this time." />;
  }
  const options = panel.options ?? {};
  const around = (key: string) => parseDuration(textOption(panel, key) ?? DEFAULT_AROUND) ?? 600_000;
  return (
    <section
      className={styles.list}
      style={{ width, height }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={panel.title || "Annotations"}
    >
      <ul>
        {shown.map((annotation, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two events may be equal.
          <li key={index}>
            <button
              type="button"
              className={`${styles.entry} ${styles.pick}`}
              onClick={() => {
                const end = annotation.timeEndMs ?? annotation.timeMs;
                onZoom({ fromMs: annotation.timeMs - around("navigateBefore"), toMs: end + around("navigateAfter") });
              }}
            >
              <span className={styles.dot} style={{ background: colorByName(annotation.color || "blue", theme) }} />
              <span className={styles.name} title={annotation.text}>
                {plainText(annotation.title || annotation.text || "") || annotation.source || "Annotation"}
              </span>
              {options.showTags !== false &&
                annotation.tags?.slice(0, 4).map((tag) => (
                  <span key={tag} className={styles.tag}>
                    {tag}
                  </span>
                ))}
              {options.showTime !== false && (
                <time className={styles.dim}>{formatDate(annotation.timeMs, "YYYY-MM-DD HH:mm:ss", timeZone)}</time>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Those with every tag of the options, the newest first. */
export function listedAnnotations(panel: PanelModel, annotations: readonly Annotation[]): Annotation[] {
  const options = panel.options ?? {};
  const tags = Array.isArray(options.tags) ? options.tags.map(String) : [];
  const limit = Math.min(MAX_ITEMS, Math.max(1, numberOption(options, "limit") ?? 10));
  return annotations
    .filter((annotation) => tags.every((tag) => annotation.tags?.includes(tag)))
    .sort((a, b) => b.timeMs - a.timeMs)
    .slice(0, limit);
}
