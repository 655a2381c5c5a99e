/** Applies a variable's regular expression off the page's own thread: one that never ends is ended from outside. */

import type { VariableOption } from "./model";
import { applyRegex } from "./options";

interface Job {
  raw: VariableOption[];
  regex: string;
}

self.onmessage = ({ data }: MessageEvent<Job>) => {
  try {
    self.postMessage({ found: applyRegex(data.raw, data.regex) });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
