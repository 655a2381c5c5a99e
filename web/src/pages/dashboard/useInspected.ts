/** Which panel is inspected: it stands in the URL, so that it can be linked to and Back closes it. */

import { useCallback } from "react";
import { one } from "../../lib/urlSearch";
import { usePatchUrl, useUrlSearch } from "../../state/urlState";

export function useInspected(): [string | null, (key: string | null) => void] {
  const inspected = one(useUrlSearch(), "inspect")?.replace(/^panel-/, "") ?? null;
  const patch = usePatchUrl();
  const inspect = useCallback(
    (key: string | null) => patch({ inspect: key ?? undefined, inspectTab: undefined }, { replace: key === null }),
    [patch],
  );
  return [inspected, inspect];
}
