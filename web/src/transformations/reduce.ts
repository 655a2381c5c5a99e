/** reduce: every series becomes one row, or every column one value. */

import { type DataFrame, type Field, frameOf, guessFieldType } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { type FieldMatcher, fieldMatcher } from "../lib/fieldConfig/matchers";
import { reduceField, reducerId, reducerInfo } from "../lib/reduce";
import { joinedRefId, type Transform } from "./types";

export const reduce: Transform = (frames, options) => {
  const asked = (options.reducers ?? ["max"]) as string[];
  const ids = asked.flatMap((id) => reducerId(id) ?? []);
  if (ids.length === 0) {
    return frames;
  }
  const given = options.fields as { id: string; options?: unknown } | undefined;
  const whole = options.mode === "reduceFields";
  const matcher: FieldMatcher =
    (given?.id ? fieldMatcher(given.id, given.options) : undefined) ??
    (whole && options.includeTimeField ? () => true : (field) => field.type !== "time");
  if (whole) {
    return columnsReduced(frames, matcher, ids);
  }
  const rows = rowsReduced(frames, matcher, ids, options.labelsToFields === true);
  return frames.length > 0 ? [{ ...rows, refId: joinedRefId("reduce", frames) }] : [];
};

function rowsReduced(
  frames: readonly DataFrame[],
  matcher: FieldMatcher,
  ids: readonly string[],
  labelsToFields: boolean,
): DataFrame {
  const series = frames.flatMap((frame) =>
    frame.fields.filter((field) => matcher(field, frame, frames)).map((field) => ({ field, frame })),
  );
  const labels = labelsToFields ? [...new Set(frames.flatMap(labelNames))] : [];
  const calcs = series.map(({ field }) => reduceField(field, ids));
  const names = series.map(({ field, frame }) =>
    labelsToFields ? field.name : fieldDisplayName(field, frame, frames),
  );
  const text = (name: string, values: unknown[]): Field => ({ name, type: "string", config: {}, values });
  return frameOf([
    text("Field", names),
    ...labels.map((label) =>
      text(
        label,
        series.map(({ field }) => field.labels?.[label]),
      ),
    ),
    ...ids.map((id) => {
      const values = calcs.map((results) => results[id] ?? Number.NaN);
      return { name: reducerInfo(id)?.name ?? id, type: guessFieldType(values), config: {}, values };
    }),
  ]);
}

function labelNames(frame: DataFrame): string[] {
  return frame.fields.flatMap((field) => Object.keys(field.labels ?? {}));
}

function columnsReduced(frames: readonly DataFrame[], matcher: FieldMatcher, ids: readonly string[]): DataFrame[] {
  return frames.flatMap((frame) => {
    const fields = frame.fields
      .filter((field) => matcher(field, frame, frames))
      .flatMap((field) => {
        const calcs = reduceField(field, ids);
        return ids.map((id): Field => {
          const labels =
            ids.length > 1 ? { ...field.labels, reducer: reducerInfo(id)?.name ?? id } : { ...field.labels };
          return { ...field, labels, state: undefined, type: resultType(id, field), values: [calcs[id]] };
        });
      });
    return fields.length > 0 ? [{ ...frame, fields, length: 1 }] : [];
  });
}

function resultType(id: string, field: Field): Field["type"] {
  if (id === "allValues" || id === "uniqueValues") {
    return "other";
  }
  return /^(first|last)(NotNull)?$/.test(id) ? field.type : "number";
}
