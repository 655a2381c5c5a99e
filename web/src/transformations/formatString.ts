/** formatString: a text column in another case, trimmed or cut. */

import { fieldMatcher } from "../lib/fieldConfig/matchers";
import type { Transform } from "./types";

type Format = (text: string) => string;

const words = (text: string) =>
  text.split(" ").map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

const FORMATS: Record<string, Format> = {
  "Upper Case": (text) => text.toUpperCase(),
  "Lower Case": (text) => text.toLowerCase(),
  "Sentence Case": (text) => text.charAt(0).toUpperCase() + text.slice(1),
  "Title Case": (text) => words(text).join(" "),
  "Pascal Case": (text) => words(text).join(""),
  "Camel Case": (text) => lowerFirst(words(text).join("")),
  "Snake Case": (text) => text.toLowerCase().split(" ").join("_"),
  "Kebab Case": (text) => text.toLowerCase().split(" ").join("-"),
  Trim: (text) => text.trim(),
};

export const formatString: Transform = (frames, options) => {
  const matches = fieldMatcher("byName", options.stringField ?? "");
  const format = formatOf(options);
  if (!matches || !format) {
    return frames;
  }
  const convert = (value: unknown) => (value === null || value === undefined ? value : format(String(value)));
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) =>
      matches(field, frame, frames)
        ? { ...field, type: "string" as const, state: undefined, values: field.values.map(convert) }
        : field,
    ),
  }));
};

function formatOf({ outputFormat, substringStart, substringEnd }: Record<string, unknown>): Format | undefined {
  if (outputFormat === "Substring") {
    const end = typeof substringEnd === "number" ? substringEnd : undefined;
    return (text) => text.substring(Number(substringStart ?? 0), end);
  }
  const id = String(outputFormat ?? "Upper Case");
  return Object.hasOwn(FORMATS, id) ? FORMATS[id] : undefined;
}
