/** seriesToRows: all series under one another with their names in a column, newest first. */

import { type DataFrame, frameOf, timeFieldOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { sortedBy } from "./sortBy";
import { joinedRefId, type Transform } from "./types";

export const seriesToRows: Transform = (frames) => {
  const series = frames.filter((frame) => frame.length > 0);
  if (series.length === 0 || !series.every((frame) => timeFieldOf(frame) && frame.fields.length > 1)) {
    return series;
  }
  const parts = series.map((frame) => ({
    times: timeFieldOf(frame)?.values ?? [],
    name: frameName(frame),
    values: frame.fields.find((field) => field.type !== "time"),
  }));
  const config = { ...parts[0]?.values?.config, displayName: undefined, displayNameFromDS: undefined };
  const rows = frameOf(
    [
      { name: "Time", type: "time", config: {}, values: parts.flatMap((part) => [...part.times]) },
      { name: "Metric", type: "string", config: {}, values: parts.flatMap((part) => part.times.map(() => part.name)) },
      {
        name: "Value",
        type: parts[0]?.values?.type ?? "number",
        config,
        values: parts.flatMap((part) => [...(part.values?.values ?? [])]),
      },
    ],
    { refId: joinedRefId("seriesToRows", series) },
  );
  return [sortedBy(rows, 0, true)];
};

function frameName(frame: DataFrame): string {
  if (frame.name) {
    return frame.name;
  }
  const named = frame.fields.filter((field) => field.type !== "time");
  return named.map((field) => fieldDisplayName(field, frame)).join(", ");
}
