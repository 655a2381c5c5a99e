/** Log lines as a virtual list: level, time, line; a click opens labels and fields. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { labelsText } from "../../lib/fieldConfig";
import { formatDate } from "../../lib/format";
import type { PanelProps } from "../types";
import { characterWidth, detailsHeight, LINE_PX, rowHeight } from "./heights";
import { LogDetails } from "./LogDetails";
import { commonLabels, type LogLine, markedParts, parsedFields } from "./lines";
import styles from "./logs.module.css";
import { shownTexts } from "./shown";

export interface LogListProps {
  lines: readonly LogLine[];
  width: number;
  height: number;
  timeZone: string;
  showTime: boolean;
  /** Labels before the line: all, or only those that differ. */
  showLabels: boolean;
  wraps: boolean;
  /** JSON over several lines. */
  prettify?: boolean;
  /** Only these fields and labels of each line. */
  displayedFields?: readonly string[];
  /** The labels of all lines above the list. */
  showCommonLabels?: boolean;
  /** Times to the nanosecond. */
  nanoseconds?: boolean;
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
/** Digits after the milliseconds. */
const NANO_DIGITS = 6;
const timeChars = ({ width, nanoseconds }: LogListProps) =>
  timePattern(width).length + (nanoseconds ? NANO_DIGITS : 0) + 1;
const COMMON_PX = 26;
const NO_FIELDS: readonly string[] = [];
const EDGE_PX = 30;

export function LogList(props: LogListProps) {
  const { lines, width, showTime, showLabels, prettify = false, displayedFields = NO_FIELDS } = props;
  const wraps = props.wraps || prettify;
  const scroller = useRef<HTMLDivElement>(null);
  const { open, toggle } = useOpenLines();
  const wantsCommon = showLabels || props.showCommonLabels === true;
  const common = useMemo(() => (wantsCommon ? commonLabels(lines) : {}), [lines, wantsCommon]);
  const commonText = props.showCommonLabels ? labelsText(common) : "";
  const height = props.height - (commonText ? COMMON_PX : 0);
  const character = characterWidth();
  const perLine = Math.max(10, Math.floor((width - EDGE_PX) / character) - (showTime ? timeChars(props) : 0));
  const detailChars = Math.max(10, Math.floor((width - EDGE_PX - 32) / character));
  const texts = useMemo(
    () => shownTexts(lines, { common: showLabels ? common : undefined, prettify, fields: displayedFields }),
    [lines, showLabels, common, prettify, displayedFields],
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
  const list = (
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
  return commonText ? (
    <div style={{ width, height: props.height }}>
      <div className={styles.common} style={{ height: COMMON_PX }} title={commonText}>
        Common labels: <b>{commonText}</b>
      </div>
      {list}
    </div>
  ) : (
    list
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
  const shown = formatDate(line.timeMs, pattern, list.timeZone);
  const time = list.nanoseconds ? `${shown}${line.timeNs.slice(-NANO_DIGITS)}` : shown;
  const wraps = list.wraps || list.prettify;
  const content = (
    <>
      <span className={`${styles.level} ${styles[line.level]}`} title={line.level} />
      {list.showTime && (
        <span className={styles.time} style={{ width: `${timeChars(list)}ch` }}>
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
          className={`${styles.line} ${wraps ? styles.wraps : ""}`}
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
        <div className={`${styles.line} ${wraps ? styles.wraps : ""}`}>{content}</div>
      )}
      {open && <LogDetails line={line} onLabelFilter={list.onLabelFilter} width={list.width - EDGE_PX} />}
    </div>
  );
});
