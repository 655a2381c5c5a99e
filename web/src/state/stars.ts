/** Which dashboards have a star, kept in step over the page. */

import { useEffect, useState } from "react";
import { STARS_CHANGED, starred } from "./storage";

export function useStars(): ReadonlySet<string> {
  const [stars, setStars] = useState(() => new Set(starred().map((v) => v.uid)));
  useEffect(() => {
    const read = () => setStars(new Set(starred().map((v) => v.uid)));
    window.addEventListener(STARS_CHANGED, read);
    // Another tab.
    window.addEventListener("storage", read);
    return () => {
      window.removeEventListener(STARS_CHANGED, read);
      window.removeEventListener("storage", read);
    };
  }, []);
  return stars;
}
