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
  return (
    <LogList
      lines={lines}
      width={width}
      height={height}
      timeZone={timeZone}
      showTime={options.showTime !== false}
      showLabels={options.showLabels === true}
      wraps={options.wrapLogMessage !== false}
      details={options.enableLogDetails !== false}
      words={words}
      onLabelFilter={onLabelFilter}
      label={panel.title || "Logs"}
    />
  );
}
