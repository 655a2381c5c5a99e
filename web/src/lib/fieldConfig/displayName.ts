/** What a column is called on the screen. */

import type { DataFrame, Field, Labels } from "../dataFrame";

/** Field names that say nothing about the series. */
const VALUE_NAME = "Value";

/** The title set by hand, the legend format's text, or what tells the column from its neighbours. */
export function fieldDisplayName(field: Field, frame?: DataFrame, frames?: readonly DataFrame[]): string {
  if (field.state?.displayName !== undefined) {
    return field.state.displayName;
  }
  return calculate(field, frame, frames);
}

function calculate(field: Field, frame?: DataFrame, frames?: readonly DataFrame[]): string {
  if (field.config.displayName) {
    return field.config.displayName;
  }
  if (frame && field.config.displayNameFromDS) {
    return field.config.displayNameFromDS;
  }
  if (field.type === "time" && !field.labels) {
    return field.name;
  }
  const parts = nameParts(field, frame, frames);
  const name = parts.join(" ") || field.name || VALUE_NAME;
  return name === field.name ? uniqueName(field, frame) : name;
}

function nameParts(field: Field, frame?: DataFrame, frames?: readonly DataFrame[]): string[] {
  const parts: string[] = [];
  const namesDiffer = frames?.some((other, index) => index > 0 && other.name !== frames[index - 1]?.name) ?? false;
  if (namesDiffer && frame?.name) {
    parts.push(frame.name);
  }
  if (field.name && field.name !== VALUE_NAME) {
    parts.push(field.name);
  }
  const labels = field.labels && frame ? labelPart(field.labels, frames ?? [frame]) : "";
  if (labels) {
    parts.push(labels);
  } else if (!namesDiffer && frame?.name && field.name === VALUE_NAME) {
    parts.push(frame.name);
  }
  return parts;
}

/** One label everywhere is worth only its value. */
function labelPart(labels: Labels, frames: readonly DataFrame[]): string {
  const single = singleLabel(frames);
  return single === undefined ? labelsText(labels) : (labels[single] ?? "");
}

function singleLabel(frames: readonly DataFrame[]): string | undefined {
  let single: string | undefined;
  for (const frame of frames) {
    for (const field of frame.fields) {
      for (const name in field.labels) {
        if (single !== undefined && name !== single) {
          return undefined;
        }
        single = name;
      }
    }
  }
  return single;
}

/** `{a="1", b="2"}`, names in order. */
export function labelsText(labels: Labels): string {
  const names = Object.keys(labels).sort();
  return names.length === 0 ? "" : `{${names.map((name) => `${name}="${labels[name]}"`).join(", ")}}`;
}

/** Equal names in one frame are numbered. */
function uniqueName(field: Field, frame?: DataFrame): string {
  const twins = frame?.fields.filter((other) => other.name === field.name) ?? [];
  return twins.length < 2 ? field.name : `${field.name} ${twins.indexOf(field) + 1}`;
}
