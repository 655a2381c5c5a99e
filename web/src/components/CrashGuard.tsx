/** Keeps a fault in one panel within that panel. */

import { Component, type ReactNode } from "react";
import { messageOf } from "../api/error";

interface Props {
  /** A new key gives the content another chance. */
  resetKey: string;
  children: ReactNode;
}

interface State {
  error: unknown;
  at: string;
}

export class CrashGuard extends Component<Props, State> {
  override state: State = { error: null, at: "" };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.resetKey === state.at ? null : { error: null, at: props.resetKey };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <p role="alert" style={{ color: "var(--error)", fontSize: "var(--text-sm)", padding: 8 }}>
        This panel could not be drawn: {messageOf(this.state.error)}
      </p>
    );
  }
}
