/** Printing: every panel is drawn, in the light theme and at the width of the paper, before the dialog opens. */

import { useCallback, useEffect, useRef, useState } from "react";

/** What an answer may take before the page is printed without it. */
const PATIENCE_MS = 20_000;
/** Charts are painted in the frames after their data have come. */
const SETTLE_MS = 600;

export interface Printing {
  printing: boolean;
  print: () => void;
}

export function usePrinting(busy: boolean): Printing {
  const [printing, setPrinting] = useState(false);
  const isBusy = useRef(busy);
  isBusy.current = busy;
  const print = useCallback(() => setPrinting(true), []);

  useEffect(() => {
    if (!printing) return;
    const root = document.documentElement;
    const scheme = root.dataset.mantineColorScheme;
    root.dataset.mantineColorScheme = "light";
    root.dataset.printing = "true";
    const begun = performance.now();
    let quietSince = begun;
    let timer = setTimeout(function wait() {
      const now = performance.now();
      if (isBusy.current) quietSince = now;
      if (now - quietSince < SETTLE_MS && now - begun < PATIENCE_MS) {
        timer = setTimeout(wait, 100);
        return;
      }
      window.print();
      setPrinting(false);
    }, 100);
    return () => {
      clearTimeout(timer);
      if (scheme) root.dataset.mantineColorScheme = scheme;
      delete root.dataset.printing;
    };
  }, [printing]);
  return { printing, print };
}
