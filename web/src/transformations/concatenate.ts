/** concatenate: the columns of all frames side by side, the shorter ones filled up. */

import { type Field, frameOf } from "../lib/dataFrame";
import type { Transform } from "./types";

export const concatenate: Transform = (frames, options) => {
  if (frames.length < 2) {
    return frames;
  }
  const mode = options.frameNameMode ?? "field";
  const label = String(options.frameNameLabel ?? "frame");
  const length = Math.max(...frames.map((frame) => frame.length));
  const fields = frames.flatMap((frame) =>
    frame.fields.map((field) => filled(named(field, frame.name, mode, label), length)),
  );
  return [frameOf(fields)];
};

/** Frames' names tell apart what was called the same. */
function named(field: Field, frameName: string | undefined, mode: unknown, label: string): Field {
  const copy: Field = { ...field, state: undefined };
  if (!frameName || mode === "drop") {
    return copy;
  }
  if (mode === "label") {
    return { ...copy, labels: { ...field.labels, [label]: frameName } };
  }
  const generic = field.name === "" || field.name === "Value";
  return { ...copy, name: generic ? frameName : `${frameName} · ${field.name}` };
}

function filled(field: Field, length: number): Field {
  const { values } = field;
  return values.length === length ? field : { ...field, values: Array.from({ length }, (_, row) => values[row]) };
}
