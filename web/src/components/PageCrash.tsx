/** A page that failed to load or to draw. A missing chunk means that Pharos was replaced while the tab was open. */

import type { ErrorComponentProps } from "@tanstack/react-router";
import { messageOf } from "../api/error";
import { ErrorView } from "./StateView";

const MISSING_CHUNK = /dynamically imported module|importing a module script failed|failed to fetch|load failed/i;

export function PageCrash({ error, reset }: ErrorComponentProps) {
  const replaced = MISSING_CHUNK.test(messageOf(error));
  return (
    <ErrorView
      title={replaced ? "A newer Pharos is running" : "This page failed"}
      error={
        replaced ? new Error("Part of this page belongs to an older build, or could not be loaded. Reload it.") : error
      }
      onRetry={replaced ? () => location.reload() : reset}
    />
  );
}
