/** limit: the first rows of each frame, or the last ones when the number is negative. */

import type { Transform } from "./types";

export const limit: Transform = (frames, options) => {
  const given = Number.parseInt(String(options.limitField ?? 10), 10);
  const rows = Number.isNaN(given) ? 10 : given;
  return frames.map((frame) => {
    if (frame.length <= rows) {
      return frame;
    }
    const cut = (values: readonly unknown[]) => (rows >= 0 ? values.slice(0, rows) : values.slice(rows));
    const fields = frame.fields.map((field) => ({ ...field, state: undefined, values: cut(field.values) }));
    return { ...frame, fields, length: Math.min(Math.abs(rows), frame.length) };
  });
};
