/** Legends shown and hidden by hand: one panel's, or all at once. */

import { useCallback, useMemo, useState } from "react";

export interface Legends {
  /** Whether the panel's legend stands the other way round than its file says. */
  isFlipped: (key: string) => boolean;
  flip: (key: string) => void;
  flipAll: () => void;
}

export function useLegends(): Legends {
  const [flipped, setFlipped] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const flip = useCallback((key: string) => {
    setFlipped((old) => {
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  const flipAll = useCallback(() => {
    setFlipped(new Set());
    setAll((old) => !old);
  }, []);
  return useMemo(
    () => ({ isFlipped: (key) => flipped.has(key) !== all, flip, flipAll }),
    [flipped, all, flip, flipAll],
  );
}
