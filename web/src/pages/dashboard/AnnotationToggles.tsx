/** A switch for each annotation query of the dashboard. */

import { IconAlertTriangle } from "@tabler/icons-react";
import type { CSSProperties } from "react";
import { colorByName } from "../../lib/colors";
import { useDashboardState } from "./context";
import type { Annotations } from "./useAnnotations";
import classes from "./VariableBar.module.css";

export function AnnotationToggles({ annotations }: { annotations: Annotations }) {
  const { theme } = useDashboardState();
  return annotations.sets
    .filter((set) => !set.query.hide)
    .map(({ query, enabled, events, error }) => (
      <button
        key={query.name}
        type="button"
        role="switch"
        aria-checked={enabled}
        aria-label={`Annotations: ${query.name}`}
        className={classes.annotation}
        style={{ "--annotation": colorByName(query.iconColor || "blue", theme) } as CSSProperties}
        title={error ?? (enabled ? `${events.length} in this range` : "Not shown")}
        onClick={() => annotations.toggle(query.name)}
      >
        <span /> {query.name}
        {error && <IconAlertTriangle size={14} aria-label={error} />}
      </button>
    ));
}
