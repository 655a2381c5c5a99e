/** Variables that stand for the data at hand: `${__field.labels.x}`, `${__data.fields["a b"]}`, `$__cell_0`. */

const CONTEXT =
  /\$\{(__(?:field|series|data|value|cell|calc|frame)[^}:]*)(?::(\w+))?\}|\$(__(?:cell_\d+|series_name|calc))\b/g;

export type ContextVariables = (name: string) => string | undefined;

/** Names that are not known stay as they are written. In a URL values are encoded, unless they begin it. */
export function replaceContext(text: string, variables: ContextVariables, inUrl = false): string {
  if (!text.includes("$")) {
    return text;
  }
  return text.replace(CONTEXT, (whole, braced?: string, format?: string, plain?: string, offset?: number) => {
    const value = variables(normalName(braced ?? plain ?? ""));
    if (value === undefined) {
      return whole;
    }
    const encodes = format === undefined ? inUrl && offset !== 0 : format === "percentencode" || format === "uriencode";
    return encodes ? encodeURIComponent(value) : value;
  });
}

/** `__data.fields["a b"]` and `__data.fields[0]` as `__data.fields.a b` and `__data.fields.0`. */
function normalName(name: string): string {
  return name.replace(/\[["']?(.*?)["']?\]/g, ".$1");
}
