/** rowsToFields: each row becomes a column with one value; other columns configure or label it. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { applyConfigValue, type ConfigMapping, firstOfType, handlerKey } from "./configFromData";
import type { Transform } from "./types";

/** Rows that become columns; the rest is left out. */
const MAX_COLUMNS = 1000;

export const rowsToFields: Transform = (frames, options) => {
  const mappings = (options.mappings ?? []) as ConfigMapping[];
  return frames.map((frame) => columnsOf(frame, mappings));
};

function columnsOf(frame: DataFrame, mappings: readonly ConfigMapping[]): DataFrame {
  const handled = frame.fields.map((field) => {
    const name = fieldDisplayName(field, frame);
    const mapping = mappings.find(({ fieldName }) => fieldName === name || fieldName === field.name);
    return { field, mapping, key: mapping?.handlerKey === null ? undefined : handlerKey(name, mapping), name };
  });
  const chosen = (key: string) => handled.find((entry) => entry.mapping?.handlerKey === key)?.field;
  const nameField = chosen("field.name") ?? firstOfType(frame, "string");
  const valueField = chosen("field.value") ?? firstOfType(frame, "number");
  if (!nameField || !valueField) {
    return frame;
  }
  const others = handled.filter(({ field }) => field !== nameField && field !== valueField && field.type !== "time");
  const rows = Array.from({ length: Math.min(frame.length, MAX_COLUMNS) }, (_, row): Field => {
    const field: Field = {
      name: String(nameField.values[row] ?? ""),
      type: valueField.type,
      config: { ...valueField.config, displayName: undefined, displayNameFromDS: undefined },
      values: [valueField.values[row]],
    };
    const labels: Record<string, string> = {};
    for (const { field: other, key, name, mapping } of others) {
      if (key && key !== "field.label") {
        applyConfigValue(field.config, key, other.values[row], mapping);
      } else if (other.type === "string" && mapping?.handlerKey !== "__ignore") {
        labels[name] = String(other.values[row] ?? "");
      }
    }
    return Object.keys(labels).length > 0 ? { ...field, labels } : field;
  });
  return frameOf(rows, { refId: frame.refId, name: frame.name });
}
