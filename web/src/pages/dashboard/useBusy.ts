/** Whether any panel of a page is loading. */

import { useCallback, useRef, useState } from "react";

export function useBusy(): [boolean, (key: string, busy: boolean) => void] {
  const [busy, setBusy] = useState(false);
  const keys = useRef(new Set<string>());
  const report = useCallback((key: string, isBusy: boolean) => {
    if (isBusy) keys.current.add(key);
    else keys.current.delete(key);
    setBusy(keys.current.size > 0);
  }, []);
  return [busy, report];
}
