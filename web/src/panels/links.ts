/** Data links: where a value leads. */

import type { DataFrame, DataLink, Field } from "../lib/dataFrame";
import { type ContextVariables, fieldVariables, replaceContext } from "../lib/fieldConfig";
import { formattedText } from "../lib/format";
import type { PanelProps } from "./types";

export interface ResolvedLink {
  href: string;
  title: string;
  target: "_blank" | undefined;
}

/** Only ways that lead to a page; a script behind a link is none. */
export function safeHref(url: string): string | undefined {
  const trimmed = url.trim();
  // Control characters are ignored by browsers and would hide a scheme.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are meant.
  const plain = trimmed.replace(/[\u0000-\u0020\u007f]/g, "");
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(plain)?.[1]?.toLowerCase();
  return scheme === undefined || ["http", "https", "mailto"].includes(scheme) ? trimmed : undefined;
}

/** Pictures of other servers would tell them who looks at this page, and when. */
export function isOwnImage(source: string): boolean {
  if (source.startsWith("data:image/")) {
    return true;
  }
  try {
    return new URL(source, location.href).origin === location.origin;
  } catch {
    return false;
  }
}

/** The field's links with the values of a row filled in. */
export function fieldLinks(
  source: { field: Field; frame: DataFrame; row?: number; frames?: readonly DataFrame[] },
  interpolate: PanelProps["interpolate"],
): ResolvedLink[] {
  const { field, frame, row } = source;
  const links: readonly DataLink[] = field.config.links ?? [];
  if (links.length === 0) {
    return [];
  }
  const ofField = fieldVariables(field, frame, source.frames ?? [frame]);
  const variables: ContextVariables = (name) =>
    rowVariable(name, field, frame, row ?? frame.length - 1) ?? ofField(name);
  return links.flatMap((link) => {
    const href = safeHref(interpolate(replaceContext(link.url ?? "", variables, true)));
    if (!href) {
      return [];
    }
    const title = interpolate(replaceContext(link.title ?? "", variables)) || href;
    return [{ href, title, target: link.targetBlank ? ("_blank" as const) : undefined }];
  });
}

const DATA_FIELD = /^__data\.fields\.(.+?)(?:\.(text|raw|numeric|time))?$/;

function rowVariable(name: string, field: Field, frame: DataFrame, row: number): string | undefined {
  if (name === "__value.time") {
    return String(frame.fields.find(({ type }) => type === "time")?.values[row] ?? "");
  }
  const own = /^__value(?:\.(text|raw|numeric))?$/.exec(name);
  if (own) {
    return cellText(field, row, own[1] ?? "text");
  }
  const [, wanted, form] = DATA_FIELD.exec(name) ?? [];
  const other = frame.fields.find(
    (candidate, index) =>
      candidate.name === wanted || candidate.state?.displayName === wanted || String(index) === wanted,
  );
  return other && cellText(other, row, form ?? "text");
}

function cellText(field: Field, row: number, form: string): string {
  const value = field.values[row];
  if (form === "numeric") {
    return String(Number(value));
  }
  return form === "text" && field.display ? formattedText(field.display(value)) : String(value ?? "");
}
