/** Runs a variable's regular expression with a bound on its time. */

import type { VariableOption } from "./model";
import { applyRegex } from "./options";

const LONGEST_MS = 2000;

/** Only a repeated group can take for ever on a short text. */
const mayHang = (regex: string) => /\)[*+{]/.test(regex);

export function runRegex(raw: VariableOption[], regex: string): Promise<VariableOption[]> {
  if (!mayHang(regex) || typeof Worker === "undefined") {
    return new Promise((resolve) => {
      resolve(applyRegex(raw, regex));
    });
  }
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./regexWorker.ts", import.meta.url), { type: "module" });
    const end = (run: () => void) => {
      clearTimeout(timer);
      worker.terminate();
      run();
    };
    const slow = "the variable's regular expression takes too long: repeated groups within repeated groups do";
    const timer = setTimeout(() => end(() => reject(new Error(slow))), LONGEST_MS);
    worker.onmessage = ({ data }: MessageEvent<{ found?: VariableOption[]; error?: string }>) =>
      end(() => (data.found ? resolve(data.found) : reject(new Error(data.error))));
    worker.onerror = () => end(() => reject(new Error("the variable's regular expression could not be run")));
    worker.postMessage({ raw, regex });
  });
}
