/** The drop-downs and text boxes of a dashboard's variables. */

import { Tooltip } from "@mantine/core";
import { useState } from "react";
import type { VariableState } from "../../lib/variables/model";
import { usePatchUrl } from "../../state/urlState";
import type { Variables } from "./useVariables";
import classes from "./VariableBar.module.css";
import { VariableSelect } from "./VariableSelect";

const HIDDEN: Record<string, number> = { hideVariable: 2, hideLabel: 1, dontHide: 0 };

function hideOf(state: VariableState): number {
  const { hide } = state.model;
  return typeof hide === "string" ? (HIDDEN[hide] ?? Number(hide)) : (hide ?? 0);
}

export function VariableBar({ variables }: { variables: Variables }) {
  const patch = usePatchUrl();
  const shown = variables.states.filter((s) => hideOf(s) !== 2 && !["constant", "adhoc"].includes(s.model.type));
  return shown.map((state) => {
    const { name, label, description } = state.model;
    const set = (values: string[]) => patch({ [`var-${name}`]: values.length === 1 ? (values[0] ?? "") : values });
    return (
      <div key={name} className={classes.variable}>
        {hideOf(state) !== 1 && (
          <Tooltip label={description} disabled={!description}>
            <span className={classes.label} id={`var-${name}`}>
              {label || name}
            </span>
          </Tooltip>
        )}
        {state.model.type === "textbox" ? (
          <TextVariable key={state.selected[0]} state={state} set={set} />
        ) : (
          <VariableSelect state={state} loading={variables.loading} set={set} />
        )}
      </div>
    );
  });
}

function TextVariable({ state, set }: { state: VariableState; set: (values: string[]) => void }) {
  const current = state.selected[0] ?? "";
  const [text, setText] = useState(current);
  const apply = () => {
    if (text !== current) set([text]);
  };
  return (
    <input
      className={`field ${classes.text}`}
      aria-label={state.model.label || state.model.name}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === "Enter" && apply()}
    />
  );
}
