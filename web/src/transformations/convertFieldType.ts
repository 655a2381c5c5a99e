/** convertFieldType: texts to numbers, numbers to times and so on. */

import type { Field } from "../lib/dataFrame";
import { fieldMatcher } from "../lib/fieldConfig/matchers";
import { formatDate } from "../lib/format";
import type { Transform } from "./types";

export interface Conversion {
  targetField?: string;
  destinationType?: string;
  dateFormat?: string;
  timezone?: string;
}

export const convertFieldType: Transform = (frames, options, context) => {
  const conversions = (options.conversions ?? []) as Conversion[];
  return conversions.reduce((current, conversion) => {
    const matches = conversion.targetField ? fieldMatcher("byName", conversion.targetField) : undefined;
    if (!matches) {
      return current;
    }
    return current.map((frame) => ({
      ...frame,
      fields: frame.fields.map((field) =>
        matches(field, frame, current) ? converted(field, conversion, context.timeZone) : field,
      ),
    }));
  }, frames);
};

export function converted(field: Field, { destinationType, dateFormat, timezone }: Conversion, zone?: string): Field {
  const as = (type: Field["type"], convert: (value: unknown) => unknown): Field => ({
    ...field,
    type,
    state: undefined,
    values: field.values.map(convert),
  });
  switch (destinationType) {
    case "number":
      return as("number", toNumber);
    case "string":
      return as("string", (value) =>
        field.type === "time"
          ? formatDate(Number(value), dateFormat || "YYYY-MM-DD HH:mm:ss", timezone ?? zone)
          : text(value),
      );
    case "boolean":
      return as("boolean", Boolean);
    case "time":
      return as("time", (value) => toTime(value, dateFormat));
    case "other":
      return as("other", parsed);
    default:
      return field;
  }
}

const text = (value: unknown) =>
  typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : `${value}`;

function toNumber(value: unknown): number | null {
  const plain = typeof value === "string" ? value.replaceAll(",", "") : value;
  if (plain === null || plain === undefined || plain === "") {
    return null;
  }
  const number = Number(plain);
  return Number.isFinite(number) ? number : null;
}

function toTime(value: unknown, dateFormat: string | undefined): number | null {
  if (value === null || value === undefined || value === "") {
    return null;
  }
  const number = typeof value === "string" ? Date.parse(value) : Number(value);
  const time = Number.isNaN(number) ? Number(value) : number;
  return Number.isFinite(time) ? time * (dateFormat === "X" ? 1000 : 1) : null;
}

function parsed(value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    return null;
  }
}
