/** The drop-downs and text boxes of a dashboard's variables. */

import { Tooltip } from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import { useState } from "react";
import type { VariableState } from "../../lib/variables/model";
import { AdhocVariable } from "./AdhocVariable";
import type { Variables } from "./useVariables";
import classes from "./VariableBar.module.css";
import { VariableSelect } from "./VariableSelect";

const HIDDEN: Record<string, number> = { hideVariable: 2, hideLabel: 1, dontHide: 0 };

function hideOf(state: VariableState): number {
  const { hide } = state.model;
  return typeof hide === "string" ? (HIDDEN[hide] ?? Number(hide)) : (hide ?? 0);
}

export function VariableBar({ variables }: { variables: Variables }) {
  const shown = variables.states.filter((s) => hideOf(s) !== 2 && s.model.type !== "constant");
  return (
    <>
      {shown.map((state) => (
        <div key={state.model.name} className={classes.variable}>
          {hideOf(state) !== 1 && (
            <Tooltip label={state.model.description} disabled={!state.model.description}>
              <span className={classes.label} id={`var-${state.model.name}`}>
                {state.model.label || state.model.name}
              </span>
            </Tooltip>
          )}
          <Control state={state} variables={variables} />
        </div>
      ))}
      {variables.reset && shown.length > 0 && (
        <button
          type="button"
          className="button"
          data-kind="quiet"
          title="Back to the values that the dashboard's file says"
          onClick={variables.reset}
        >
          <IconRestore size={14} /> Reset
        </button>
      )}
    </>
  );
}

function Control({ state, variables }: { state: VariableState; variables: Variables }) {
  const { model, selected, options } = state;
  const set = (values: string[]) => variables.set(model, values);
  switch (model.type) {
    case "textbox":
      return <TextVariable key={selected[0]} state={state} set={set} />;
    case "adhoc":
      return <AdhocVariable state={state} set={set} />;
    case "switch": {
      const [off, on] = options;
      const isOn = selected[0] === on?.value;
      return (
        <button
          type="button"
          role="switch"
          className={classes.switch}
          aria-checked={isOn}
          aria-label={model.label || model.name}
          onClick={() => set([(isOn ? off?.value : on?.value) ?? ""])}
        >
          <span />
        </button>
      );
    }
    default:
      return <VariableSelect state={state} loading={variables.loading} set={set} />;
  }
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
