/** Values with units, as Grafana's dashboards name them. */

import { dateFormat } from "./format/date";
import { count, currency, financial, siOffset, siPrefixed } from "./format/scaled";
import type { Formatted, ValueFormat } from "./format/types";
import { booleanText, knownUnit, plain } from "./format/units";

export { formatDate } from "./format/date";
export { autoDecimals, type Decimals, toFixed } from "./format/decimals";
export type { FormatContext, Formatted, ValueFormat } from "./format/types";
export { isBinaryUnit } from "./format/units";

const formats = new Map<string, ValueFormat>();

/** The format for a unit id; free text is a suffix, as in Grafana. */
export function valueFormat(id: string | undefined | null): ValueFormat {
  const key = id ?? "";
  let format = formats.get(key);
  if (format === undefined) {
    format = knownUnit(key) ?? customUnit(key);
    formats.set(key, format);
  }
  return format;
}

/** `prefix:`, `suffix:`, `time:`, `si:`, `count:`, `currency:` and `bool:` forms. */
function customUnit(id: string): ValueFormat {
  const colon = id.indexOf(":");
  if (colon <= 0) {
    return plain(id);
  }
  const rest = id.slice(colon + 1);
  switch (id.slice(0, colon)) {
    case "prefix":
      return plain(rest, true);
    case "suffix":
      return plain(rest);
    case "time":
      return dateFormat(rest);
    case "si": {
      const offset = siOffset(rest.charAt(0));
      return siPrefixed(offset === 0 ? rest : rest.slice(1), offset);
    }
    case "count":
      return count(rest);
    case "currency": {
      const [kind, symbol, side] = rest.split(":");
      if (kind === "financial" && symbol !== undefined) {
        return symbol === "" ? plain("") : financial(symbol, side === "suffix");
      }
      return currency(rest);
    }
    case "bool": {
      const slash = rest.indexOf("/");
      return slash < 0 ? booleanText(rest, "-") : booleanText(rest.slice(0, slash), rest.slice(slash + 1));
    }
    default:
      return plain(id);
  }
}

export function formattedText(value: Formatted): string {
  return `${value.prefix ?? ""}${value.text}${value.suffix ?? ""}`;
}

/** Short for the common case of one value in one unit. */
export function formatValue(value: number | null, unit?: string, decimals?: number | null): string {
  return formattedText(valueFormat(unit)(value, decimals));
}
