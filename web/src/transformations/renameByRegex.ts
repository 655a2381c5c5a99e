/** renameByRegex: new column names from a pattern and its groups. */

import { regexOf } from "../lib/fieldConfig/regex";
import { renamed } from "./organize";
import type { Transform } from "./types";

export const renameByRegex: Transform = (frames, options) => {
  const pattern = String(options.regex ?? "(.*)");
  const replacement = String(options.renamePattern ?? "$1");
  return frames.map((frame) =>
    renamed(frame, frames, (name) => {
      const regex = regexOf(pattern);
      return regex && name.search(regex) >= 0 ? name.replace(regex, replacement) : undefined;
    }),
  );
};
