/** Logs: lines of the panel's queries, newest or oldest first. */

import { useMemo } from "react";
import { oneOf } from "../options";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";
import { LogList } from "./LogList";
import { logLines, searchedWords } from "./lines";

export function LogsPanel(props: PanelProps) {
  const { panel, width, height, timeZone, onLabelFilter } = props;
  const { frames } = usePanelFrames(props);
  const options = panel.options ?? {};
  const newestFirst = options.sortOrder !== "Ascending";
  const dedup = oneOf(options.dedupStrategy, ["none", "exact", "numbers", "signature"], "none");
  const lines = useMemo(() => logLines(frames, newestFirst, dedup), [frames, newestFirst, dedup]);
  const words = useMemo(() => searchedWords(frames.map(({ meta }) => meta?.executed ?? "").join("\n")), [frames]);
  const fields = useMemo(() => displayedFields(panel.options?.displayedFields), [panel]);
  return (
    <LogList
      lines={lines}
      width={width}
      height={height}
      timeZone={timeZone}
      showTime={options.showTime !== false}
      showLabels={options.showLabels === true}
      // A telephone shows the beginning of a line and no more.
      wraps={options.wrapLogMessage !== false || width < NARROW_PX}
      prettify={options.prettifyLogMessage === true}
      displayedFields={fields}
      showCommonLabels={options.showCommonLabels === true}
      nanoseconds={options.timestampResolution === "ns"}
      details={options.enableLogDetails !== false}
      words={words}
      onLabelFilter={onLabelFilter}
      label={panel.title || "Logs"}
    />
  );
}

const MAX_FIELDS = 30;
const NARROW_PX = 420;

function displayedFields(given: unknown): string[] {
  return Array.isArray(given) ? given.slice(0, MAX_FIELDS).map(String) : [];
}
