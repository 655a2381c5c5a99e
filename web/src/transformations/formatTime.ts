/** formatTime: a time column as texts of a date format. */

import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { converted } from "./convertFieldType";
import type { Transform } from "./types";

export const formatTime: Transform = (frames, options, context) => {
  const wanted = String(options.timeField ?? "");
  const conversion = {
    destinationType: "string",
    dateFormat: String(options.outputFormat ?? ""),
    timezone: typeof options.timezone === "string" && options.timezone ? options.timezone : undefined,
  };
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) =>
      fieldDisplayName(field, frame, frames) === wanted ? converted(field, conversion, context.timeZone) : field,
    ),
  }));
};
