/** What a line shows in the list: itself, laid out, or only some of its fields. */

import type { Labels } from "../../lib/dataFrame";
import { labelsText } from "../../lib/fieldConfig";
import { MAX_CHARS } from "./heights";
import { type LogLine, parsedFields } from "./lines";

export interface ShownOptions {
  /** Labels that all lines have: left out; undefined shows no labels at all. */
  common: Labels | undefined;
  /** JSON over several lines. */
  prettify: boolean;
  /** Only these fields and labels, in this order; empty shows the line. */
  fields: readonly string[];
}

/** Above this many lines JSON stays as it came: laying it out would take seconds. */
const MAX_PRETTY_LINES = 20_000;

/** One text a line. */
export function shownTexts(lines: readonly LogLine[], options: ShownOptions): string[] {
  const prettify = options.prettify && lines.length <= MAX_PRETTY_LINES;
  return lines.map((line) => {
    const chosen = options.fields.length > 0 ? fieldsText(line, options.fields) : undefined;
    const whole = chosen ?? (prettify ? laidOut(line.text) : line.text);
    const text = whole.length > MAX_CHARS ? `${whole.slice(0, MAX_CHARS)}…` : whole;
    const labels = ownLabels(line, options.common);
    return labels ? `${labels} ${text}` : text;
  });
}

function ownLabels(line: LogLine, common: Labels | undefined): string {
  if (common === undefined) {
    return "";
  }
  return labelsText(Object.fromEntries(Object.entries(line.labels).filter(([name]) => !(name in common))));
}

/** Lines without any of the fields stay whole: an empty row would hide them. */
function fieldsText(line: LogLine, names: readonly string[]): string | undefined {
  const found = new Map(parsedFields(line.text));
  const parts = names.flatMap((name) => {
    const value = line.labels[name] ?? found.get(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return parts.length > 0 ? parts.join(" ") : undefined;
}

function laidOut(text: string): string {
  if (!/^\s*[{[]/.test(text) || text.length > MAX_CHARS) {
    return text;
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
