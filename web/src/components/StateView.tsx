/** The looks that are not data: loading, nothing there, something failed. */

import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { messageOf } from "../api/error";
import classes from "./StateView.module.css";

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  /** Why it is empty and what to do. */
  children?: ReactNode;
  /** The text may be wider than a line that reads well. */
  wide?: boolean;
}

export function EmptyView({ icon, title, children, wide }: EmptyProps) {
  return (
    <div className={classes.view}>
      {icon && <div className={classes.icon}>{icon}</div>}
      <p className={classes.title}>{title}</p>
      {children && <div className={wide ? classes.wide : classes.text}>{children}</div>}
    </div>
  );
}

interface ErrorProps {
  /** What could not be done. */
  title: string;
  error: unknown;
  onRetry?: () => void;
}

export function ErrorView({ title, error, onRetry }: ErrorProps) {
  return (
    <div className={classes.view} role="alert">
      <div className={classes.icon} data-tone="error">
        <IconAlertTriangle size={28} stroke={1.5} />
      </div>
      <p className={classes.title}>{title}</p>
      <div className={classes.text}>{messageOf(error)}</div>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Grey shapes where content will be; they appear only when the wait is noticeable. */
export function LoadingView({ label, height = 240 }: { label: string; height?: number }) {
  return (
    <div className={classes.loading} style={{ height }} role="status" aria-label={label}>
      <div />
      <div />
      <div />
    </div>
  );
}
