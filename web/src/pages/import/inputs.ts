/** What an exported file asks for when it is imported: constants. Its data sources are Pharos itself. */

export interface Input {
  name: string;
  label: string;
  description: string;
  value: string;
}

type Json = Record<string, unknown>;

function inputsOf(text: string): Json[] {
  try {
    const file = JSON.parse(text) as Json;
    const inner = (file.dashboard as Json | undefined) ?? file;
    const list = file.__inputs ?? inner.__inputs;
    return Array.isArray(list) ? (list as Json[]) : [];
  } catch {
    return [];
  }
}

export function constantsOf(text: string): Input[] {
  const word = (value: unknown) => (typeof value === "string" ? value : "");
  return inputsOf(text)
    .filter((input) => input?.type === "constant" && typeof input.name === "string")
    .map((input) => ({
      name: word(input.name),
      label: word(input.label) || word(input.name),
      description: word(input.description),
      value: word(input.value),
    }));
}

/** The file with `${NAME}` replaced in all its texts; the same bytes where there is nothing to replace. */
export function withConstants(text: string, values: Record<string, string>): string {
  const names = Object.keys(values);
  if (names.length === 0) return text;
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") {
      return names.reduce((out, name) => out.replaceAll(`\${${name}}`, values[name] ?? ""), value);
    }
    if (Array.isArray(value)) return value.map(fill);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]));
    }
    return value;
  };
  return JSON.stringify(fill(JSON.parse(text)), null, 2);
}
