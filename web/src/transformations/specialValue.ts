/** What stands in cells for which there was no value. */

/** Grafana's `emptyValue`; an empty text where nothing or something unknown is chosen. */
export function specialValue(id: unknown): unknown {
  switch (id) {
    case "true":
      return true;
    case "false":
      return false;
    case "null":
      return null;
    case "zero":
      return 0;
    default:
      return "";
  }
}
