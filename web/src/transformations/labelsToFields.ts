/** labelsToFields: labels become columns or rows. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import type { Transform } from "./types";

export const labelsToFields: Transform = (frames, options) => {
  const keep = options.keepLabels as string[] | undefined;
  if (options.mode === "rows") {
    return asRows(frames, keep);
  }
  const wanted = keep?.length ? new Set(keep) : undefined;
  return frames.map((frame) => asColumns(frame, wanted, options.valueLabel as string | undefined));
};

function asColumns(frame: DataFrame, wanted: Set<string> | undefined, valueLabel: string | undefined): DataFrame {
  const found = new Map<string, Set<string>>();
  const fields = frame.fields.map((field): Field => {
    if (!field.labels) {
      return field;
    }
    // Titles made of the labels would say again what the columns say.
    const config = { ...field.config, displayName: undefined, displayNameFromDS: undefined };
    const plain: Field = { ...field, labels: undefined, state: undefined, config };
    for (const [label, value] of Object.entries(field.labels)) {
      if (wanted && !wanted.has(label)) {
        continue;
      }
      if (label === valueLabel) {
        plain.name = value;
      } else {
        found.set(label, (found.get(label) ?? new Set()).add(value));
      }
    }
    return plain;
  });
  for (const [name, values] of found) {
    for (const value of values) {
      fields.push({ name, type: "string", config: {}, values: new Array<string>(frame.length).fill(value) });
    }
  }
  return { ...frame, fields };
}

function asRows(frames: readonly DataFrame[], keep: string[] | undefined): DataFrame[] {
  return frames.flatMap((frame) =>
    frame.fields.flatMap((field) => {
      const labels = keep ?? Object.keys(field.labels ?? {});
      if (!field.labels || labels.length === 0) {
        return [];
      }
      const text = (name: string, values: unknown[]): Field => ({ name, type: "string", config: {}, values });
      const values = labels.map((label) => field.labels?.[label]);
      const rows = frameOf([text("label", labels), text("value", values)]);
      return [{ ...frame, ...rows, name: fieldDisplayName(field, frame, frames) }];
    }),
  );
}
