/** Units that scale by a factor: K, Mil, kilo and kibi prefixes, counts and money. */

import { type Decimals, toFixed } from "./decimals";
import type { Formatted, ValueFormat } from "./types";

const SI_PREFIXES = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const SI_BASE = SI_PREFIXES.indexOf("");
const BINARY_PREFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const COUNT_SUFFIXES = ["", "K", "M", "B", "T"];

/** `suffixes[base]` is the unit of the raw value; its neighbours are `factor` apart. */
export function scaled(factor: number, suffixes: readonly string[], base = 0): ValueFormat {
  const last = suffixes.length - 1;
  return (value, decimals) => {
    if (value === null || value === undefined) {
      return { text: "" };
    }
    if (!Number.isFinite(value)) {
      return { text: value.toLocaleString() };
    }
    const steps = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / Math.log10(factor));
    const index = Math.min(last, Math.max(0, base + steps));
    return { text: toFixed(value / factor ** (index - base), decimals), suffix: suffixes[index] };
  };
}

/** `offset` 1 means that the raw value is already in thousands. */
export function siPrefixed(unit: string, offset = 0): ValueFormat {
  return scaled(
    1000,
    SI_PREFIXES.map((prefix) => ` ${prefix}${unit}`),
    SI_BASE + offset,
  );
}

/** `offset` 1 means that the raw value is already in units of 1,024. */
export function binaryPrefixed(unit: string, offset = 0): ValueFormat {
  return scaled(
    1024,
    BINARY_PREFIXES.map((prefix) => ` ${prefix}${unit}`),
    offset,
  );
}

/** The offset that an SI prefix letter stands for; 0 for a letter that is none. */
export function siOffset(letter: string): number {
  const wanted = letter.normalize("NFKD");
  const index = SI_PREFIXES.findIndex((prefix) => prefix.normalize("NFKD") === wanted);
  return index < 0 ? 0 : index - SI_BASE;
}

export function count(unit: string): ValueFormat {
  const scale = scaled(1000, COUNT_SUFFIXES);
  return (value, decimals) => {
    if (value === null) {
      return { text: "" };
    }
    const result = scale(value, decimals);
    return { ...result, suffix: `${result.suffix} ${unit}` };
  };
}

export function currency(symbol: string, asSuffix = false): ValueFormat {
  const scale = scaled(1000, COUNT_SUFFIXES);
  return (value, decimals) => {
    if (value === null || value === undefined) {
      return { text: "" };
    }
    const result: Formatted = scale(Math.abs(value), decimals);
    if (!asSuffix) {
      result.prefix = symbol;
    } else if (result.suffix !== undefined) {
      result.suffix += symbol;
    }
    if (value < 0) {
      result.prefix = `-${result.prefix ?? ""}`;
    }
    return result;
  };
}

/** Money in full, grouped as the reader's language groups it. */
export function financial(symbol: string, asSuffix: boolean): ValueFormat {
  const format = (value: number, decimals: Decimals) =>
    new Intl.NumberFormat(undefined, {
      minimumFractionDigits: decimals ?? 0,
      maximumFractionDigits: decimals ?? 1,
    }).format(value);
  return (value, decimals) => {
    if (value === null) {
      return { text: "" };
    }
    return { prefix: asSuffix ? "" : symbol, suffix: asSuffix ? symbol : "", text: format(value, decimals) };
  };
}
