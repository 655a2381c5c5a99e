/** `${x:format}`: how a variable's value is written into a query, a link or a text. */

import { inZone } from "../time";

export interface FormatInput {
  name: string;
  /** The values, one for a single selection. */
  values: string[];
  /** What the drop-down shows for them. */
  text: string;
  multi: boolean;
  /** After the format's name: `date:YYYY-MM`. */
  args: string[];
  zone: string;
}

type Format = (input: FormatInput) => string;

const strictEncode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const escapeRegex = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, (c) => (c === "-" ? c : `\\${c}`));

const quoteWith = (quote: string) => (value: string) => `${quote}${value.replaceAll(quote, `\\${quote}`)}${quote}`;

const HTML: Record<string, string> = { "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "&": "&amp;" };

const glob: Format = ({ values, multi }) => (multi && values.length > 1 ? `{${values.join(",")}}` : values.join(","));

function lucene(value: string): string {
  if (value === "") return '""';
  return `"${value.replace(/(["\\])/g, "\\$1")}"`;
}

function date({ values, args, zone }: FormatInput): string {
  const ms = Number(values[0]);
  if (Number.isNaN(ms)) return values.join(",");
  const pattern = args.join(":");
  if (pattern === "" || pattern === "iso") return new Date(ms).toISOString();
  if (pattern === "seconds") return String(Math.round(ms / 1000));
  return inZone(ms, zone).format(pattern);
}

export const FORMATS: Record<string, Format> = {
  raw: ({ values }) => values.join(","),
  csv: ({ values }) => values.join(","),
  pipe: ({ values }) => values.join("|"),
  json: ({ values, multi }) => JSON.stringify(multi ? values : (values[0] ?? "")),
  text: ({ text }) => text,
  regex: ({ values }) =>
    values.length === 1 ? escapeRegex(values[0] ?? "") : `(${values.map(escapeRegex).join("|")})`,
  distributed: ({ name, values }) => values.map((v, i) => (i === 0 ? v : `${name}=${v}`)).join(","),
  singlequote: ({ values }) => values.map(quoteWith("'")).join(","),
  doublequote: ({ values }) => values.map(quoteWith('"')).join(","),
  sqlstring: ({ values }) => values.map((v) => `'${v.replaceAll("'", "''")}'`).join(","),
  queryparam: ({ name, values }) => values.map((v) => `var-${name}=${strictEncode(v)}`).join("&"),
  customqueryparam: ({ name, values, args }) =>
    values.map((v) => `${strictEncode(args[0] || name)}=${strictEncode((args[1] ?? "") + v)}`).join("&"),
  percentencode: ({ values, multi }) =>
    strictEncode(multi && values.length > 1 ? `{${values.join(",")}}` : values.join(",")),
  uriencode: ({ values }) => encodeURI(values.join(",")),
  html: ({ values }) => values.join(", ").replace(/[<>"'&]/g, (c) => HTML[c] ?? c),
  lucene: ({ values, multi }) =>
    multi && values.length !== 1 ? `(${values.map(lucene).join(" OR ")})` : lucene(values[0] ?? ""),
  glob,
  join: ({ values, args }) => values.join(args[0] ?? ","),
  date,
};

/** An unknown format writes the value as `glob` does, as Grafana has it. */
export function applyFormat(format: string, input: FormatInput): string {
  return (FORMATS[format] ?? glob)(input);
}
