/** Regular expressions as dashboards write them: with or without slashes and flags. */

const regexes = new Map<string, RegExp | undefined>();

/** `/…/flags` as it says; bare text must match the whole. Undefined where it is no expression. */
export function regexOf(pattern: string): RegExp | undefined {
  if (!regexes.has(pattern)) {
    regexes.set(pattern, compile(pattern));
  }
  const regex = regexes.get(pattern);
  if (regex?.global) {
    // A shared global expression remembers where it stopped.
    regex.lastIndex = 0;
  }
  return regex;
}

function compile(pattern: string): RegExp | undefined {
  try {
    if (!pattern.startsWith("/")) {
      return new RegExp(`^${pattern}$`);
    }
    const match = /^\/(.*)\/([gimsuy]*)$/s.exec(pattern);
    return match ? new RegExp(match[1] ?? "", match[2]) : undefined;
  } catch {
    return undefined;
  }
}
