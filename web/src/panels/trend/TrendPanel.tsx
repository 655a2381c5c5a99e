/** Trend: series over a rising column of numbers instead of time. */

import { useMemo } from "react";
import type { DataFrame, Field } from "../../lib/dataFrame";
import { fieldDisplayName } from "../../lib/fieldConfig";
import { joinFrames } from "../../transformations/joinByField";
import { textOption } from "../options";
import { PanelNote } from "../PanelNote";
import { SeriesView } from "../timeseries/SeriesView";
import type { PanelProps } from "../types";
import { usePanelFrames } from "../usePanelFrames";

export default function TrendPanel(props: PanelProps) {
  const { frames } = usePanelFrames(props);
  const wanted = textOption(props.panel, "xField");
  const found = useMemo(() => trendData(frames, wanted), [frames, wanted]);
  if (found.frame === undefined) {
    return <PanelNote {...props} text={found.problem} />;
  }
  const { values } = found.x;
  const range: [number, number] = [Number(values[0] ?? 0), Number(values[values.length - 1] ?? 1)];
  return <SeriesView panelProps={props} frames={[found.frame]} xField={found.x} xRange={range} />;
}

type TrendData = { frame: DataFrame; x: Field; problem?: undefined } | { frame?: undefined; problem: string };

/** The first numeric column that is not time, or the one chosen; it must rise. */
export function trendData(frames: readonly DataFrame[], wanted: string | undefined): TrendData {
  const joined = frames.length > 1 && wanted ? [joinFrames([...frames], wanted, "outer")] : frames;
  const [frame] = joined;
  if (frame === undefined) {
    return { problem: "No data" };
  }
  const named = (field: Field) => field.name === wanted || fieldDisplayName(field, frame, joined) === wanted;
  const x = frame.fields.find((field) => field.type === "number" && (!wanted || named(field)));
  if (x === undefined) {
    return { problem: wanted ? `There is no column of numbers called “${wanted}”.` : "There is no column of numbers." };
  }
  const numbers = x.values as (number | null)[];
  const rises = numbers.every(
    (value, row) => typeof value === "number" && (row === 0 || value > Number(numbers[row - 1])),
  );
  return rises
    ? { frame, x }
    : { problem: `The values of “${x.state?.displayName ?? x.name}” do not rise from row to row.` };
}
