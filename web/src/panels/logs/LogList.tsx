/** Log lines as a virtual list: level, time, line; a click opens labels and fields. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Labels } from "../../lib/dataFrame";
import { labelsText } from "../../lib/fieldConfig";
import { formatDate } from "../../lib/format";
import type { PanelProps } from "../types";
import { characterWidth, detailsHeight, LINE_PX, MAX_CHARS, rowHeight } from "./heights";
import { LogDetails } from "./LogDetails";
import { commonLabels, type LogLine, markedParts, parsedFields } from "./lines";
import styles from "./logs.module.css";

export interface LogListProps {
  lines: readonly LogLine[];
  width: number;
  height: number;
  timeZone: string;
  showTime: boolean;
  /** Labels before the line: all, or only those that differ. */
  showLabels: boolean;
  wraps: boolean;
  details: boolean;
  /** Marked in the lines. */
  words?: RegExp;
  onLabelFilter?: PanelProps["onLabelFilter"];
  label: string;
}

/** Narrow lists leave the date to the details. */
const NARROW_PX = 560;
const FULL_TIME = "YYYY-MM-DD HH:mm:ss.SSS";
const SHORT_TIME = "HH:mm:ss.SSS";

const timePattern = (width: number) => (width < NARROW_PX ? SHORT_TIME : FULL_TIME);
const EDGE_PX = 30;

export function LogList(props: LogListProps) {
  const { lines, width, height, wraps, showTime, showLabels } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { open, toggle } = useOpenLines();
  const common = useMemo(() => (showLabels ? commonLabels(lines) : {}), [lines, showLabels]);
  const character = characterWidth();
  const perLine = Math.max(
    10,
    Math.floor((width - EDGE_PX) / character) - (showTime ? timePattern(width).length + 1 : 0),
  );
  const detailChars = Math.max(10, Math.floor((width - EDGE_PX - 32) / character));
  const texts = useMemo(
    () => lines.map((line) => lineText(line, showLabels ? common : undefined)),
    [lines, showLabels, common],
  );
  const heightOf = useCallback(
    (index: number) => {
      const line = lines[index];
      const text = texts[index];
      if (!line || text === undefined) {
        return LINE_PX;
      }
      const details = open.has(lineKey(line, index)) ? detailsHeight(line.text, entryCount(line), detailChars) : 0;
      return rowHeight(text, wraps, perLine) + details;
    },
    [lines, texts, open, wraps, perLine, detailChars],
  );
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: heightOf,
    overscan: 12,
    initialRect: { width, height },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights are remembered until told otherwise.
  useLayoutEffect(() => virtual.measure(), [heightOf]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: lines in view only, which a list element does not do.
    <div
      ref={scroller}
      role="list"
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      className={styles.scroller}
      style={{ width, height }}
    >
      <div className={wraps ? undefined : styles.wide} style={{ position: "relative", height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index] as LogLine;
          const key = lineKey(line, item.index);
          return (
            <Row
              key={key}
              id={key}
              line={line}
              text={texts[item.index] ?? ""}
              top={item.start}
              height={item.size}
              open={open.has(key)}
              onToggle={toggle}
              list={props}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The lines whose details are open, by key. */
function useOpenLines(): { open: ReadonlySet<string>; toggle: (key: string) => void } {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((key: string) => {
    setOpen((now) => {
      const next = new Set(now);
      if (!next.delete(key)) {
        next.add(key);
      }
      return next;
    });
  }, []);
  return { open, toggle };
}

const lineKey = (line: LogLine, index: number) => `${line.timeNs}/${index}`;

const entryCount = (line: LogLine) => Object.keys(line.labels).length + parsedFields(line.text).length;

function lineText(line: LogLine, common: Labels | undefined): string {
  const text = line.text.length > MAX_CHARS ? `${line.text.slice(0, MAX_CHARS)}…` : line.text;
  if (common === undefined) {
    return text;
  }
  const own = Object.fromEntries(Object.entries(line.labels).filter(([name]) => !(name in common)));
  const labels = labelsText(own);
  return labels ? `${labels} ${text}` : text;
}

interface RowProps {
  id: string;
  line: LogLine;
  text: string;
  top: number;
  height: number;
  open: boolean;
  onToggle: (key: string) => void;
  list: LogListProps;
}

const Row = memo(function Row({ id, line, text, top, height, open, onToggle, list }: RowProps) {
  const pattern = timePattern(list.width);
  const time = formatDate(line.timeMs, pattern, list.timeZone);
  const content = (
    <>
      <span className={`${styles.level} ${styles[line.level]}`} title={line.level} />
      {list.showTime && (
        <span className={styles.time} style={{ width: `${pattern.length + 1}ch` }}>
          {time}
        </span>
      )}
      <span className={styles.text}>
        {line.count > 1 && <span className={styles.count}>{line.count}×</span>}
        {markedParts(text, list.words).map((part, index) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no other identity.
          part.found ? <mark key={index}>{part.text}</mark> : part.text,
        )}
      </span>
    </>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the list.
    <div role="listitem" className={styles.row} style={{ top, height }}>
      {list.details ? (
        <button
          type="button"
          className={`${styles.line} ${list.wraps ? styles.wraps : ""}`}
          aria-expanded={open}
          onClick={() => {
            // Selecting a part of the line is no click upon it.
            if (!getSelection()?.toString()) {
              onToggle(id);
            }
          }}
        >
          {content}
        </button>
      ) : (
        <div className={`${styles.line} ${list.wraps ? styles.wraps : ""}`}>{content}</div>
      )}
      {open && <LogDetails line={line} onLabelFilter={list.onLabelFilter} width={list.width - EDGE_PX} />}
    </div>
  );
});
