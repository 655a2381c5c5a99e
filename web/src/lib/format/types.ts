/** What a value format is. */

import type { Decimals } from "./decimals";

export interface Formatted {
  text: string;
  prefix?: string;
  suffix?: string;
}

export interface FormatContext {
  /** "browser", "utc" or an IANA name. */
  timeZone?: string;
  /** Milliseconds are worth showing. */
  showMs?: boolean;
  /** The present, for relative times; the wall clock where it is not given. */
  nowMs?: number;
}

export type ValueFormat = (value: number | null, decimals?: Decimals, context?: FormatContext) => Formatted;
