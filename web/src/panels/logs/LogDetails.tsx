/** What is known about one log line: the whole text, its labels, the fields found in it. */

import type { PanelProps } from "../types";
import { DETAIL_ROW_PX, LINE_PX, MAX_DETAIL_LINES } from "./heights";
import { type LogLine, parsedFields } from "./lines";
import styles from "./logs.module.css";

interface Props {
  line: LogLine;
  width: number;
  onLabelFilter?: PanelProps["onLabelFilter"];
}

export function LogDetails({ line, width, onLabelFilter }: Props) {
  const labels = Object.entries(line.labels).sort(([a], [b]) => a.localeCompare(b));
  return (
    <div className={styles.details} style={{ width }}>
      <pre className={styles.whole} style={{ maxHeight: MAX_DETAIL_LINES * LINE_PX }}>
        {line.text}
      </pre>
      <div className={styles.detailsHead}>
        <button type="button" className={styles.action} onClick={() => copyText(line.text)}>
          Copy line
        </button>
        <button type="button" className={styles.action} onClick={() => copyText(line.timeNs)}>
          Copy time (ns)
        </button>
      </div>
      {labels.map(([name, value]) => (
        <Entry key={`label ${name}`} name={name} value={value} onFilter={onLabelFilter} />
      ))}
      {parsedFields(line.text).map(([name, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line may name a field twice.
        <Entry key={`field ${index}`} name={name} value={value} found />
      ))}
    </div>
  );
}

interface EntryProps {
  name: string;
  value: string;
  /** Found in the text, not a label of the stream. */
  found?: boolean;
  onFilter?: PanelProps["onLabelFilter"];
}

function Entry({ name, value, found = false, onFilter }: EntryProps) {
  return (
    <div className={styles.entry} style={{ height: DETAIL_ROW_PX }}>
      <span className={styles.buttons}>
        {onFilter && !found && (
          <>
            <button
              type="button"
              aria-label={`Only lines with ${name} = ${value}`}
              onClick={() => onFilter(name, value, "=")}
            >
              +
            </button>
            <button
              type="button"
              aria-label={`Only lines without ${name} = ${value}`}
              onClick={() => onFilter(name, value, "!=")}
            >
              −
            </button>
          </>
        )}
      </span>
      <span className={found ? styles.fieldName : styles.labelName} title={found ? "found in the line" : "label"}>
        {name}
      </span>
      <span className={styles.entryValue} title={value}>
        {value}
      </span>
      <button type="button" className={styles.action} aria-label={`Copy ${name}`} onClick={() => copyText(value)}>
        Copy
      </button>
    </div>
  );
}

/** Over plain http there is no clipboard object: the older way still works. */
function copyText(text: string): void {
  if (navigator.clipboard && isSecureContext) {
    navigator.clipboard.writeText(text).catch(() => copyBySelection(text));
  } else {
    copyBySelection(text);
  }
}

function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
