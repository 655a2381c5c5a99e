/** The screen's state lives in the URL: reading it, and changing parts of it. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { Search, SearchValue } from "../lib/urlSearch";

export type Patch = Record<string, SearchValue | undefined>;

export function useUrlSearch(): Search {
  return useSearch({ strict: false }) as Search;
}

/** Sets or (with undefined) removes keys. Each change is a step of its own for the Back button unless it replaces. */
export function usePatchUrl(): (patch: Patch, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback(
    (patch, options) => {
      void navigate({
        to: ".",
        search: ((old: Search) => {
          const next: Patch = { ...old, ...patch };
          for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key];
          return next;
        }) as never,
        replace: options?.replace ?? false,
        resetScroll: false,
      });
    },
    [navigate],
  );
}
