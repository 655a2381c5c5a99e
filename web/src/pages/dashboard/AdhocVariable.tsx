/** Ad hoc filters: conditions on labels that hold for every query of the dashboard's source. */

import { Popover } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { loadOptions } from "../../api/options";
import { ADHOC_OPERATORS, type AdhocFilter, formatFilters, parseFilters } from "../../lib/dashboard/adhoc";
import type { VariableState } from "../../lib/variables/model";
import type { SourceKind } from "../../lib/variables/resolve";
import { useDashboardState } from "./context";
import { variableSource } from "./useVariables";
import classes from "./VariableBar.module.css";

interface Props {
  state: VariableState;
  set: (values: string[]) => void;
}

export function AdhocVariable({ state, set }: Props) {
  const filters = parseFilters(state.selected);
  const { dashboard, scope } = useDashboardState();
  const source = variableSource(state.model, dashboard.variables, scope ?? new Map());
  const change = (next: AdhocFilter[]) => set(formatFilters(next));
  const name = state.model.label || state.model.name;
  return (
    <span className={classes.filters}>
      {filters.map((filter, i) => (
        <span className={classes.filter} key={`${filter.key} ${filter.operator} ${filter.value}`}>
          <span className="ellipsis" title={`${filter.key} ${filter.operator} ${filter.value}`}>
            {filter.key} <em>{filter.operator}</em> {filter.value}
          </span>
          <button
            type="button"
            aria-label={`Remove the filter ${filter.key} ${filter.operator} ${filter.value}`}
            onClick={() => change(filters.filter((_, other) => other !== i))}
          >
            <IconX size={13} />
          </button>
        </span>
      ))}
      <AddFilter name={name} source={source} state={state} add={(filter) => change([...filters, filter])} />
    </span>
  );
}

interface AddProps {
  name: string;
  source: SourceKind;
  state: VariableState;
  add: (filter: AdhocFilter) => void;
}

function AddFilter({ name, source, state, add }: AddProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={300} trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className="button"
          aria-label={`Add a filter to ${name}`}
          onClick={() => setOpened(!opened)}
        >
          <IconPlus size={14} /> Filter
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes.box}>
        {opened && (
          <FilterForm
            source={source}
            state={state}
            add={(filter) => {
              setOpened(false);
              add(filter);
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

/** Values that a list offers; more are found by typing. */
const MAX_LISTED = 500;

function FilterForm({ source, state, add }: Omit<AddProps, "name">) {
  const { time } = useDashboardState();
  const [key, setKey] = useState("");
  const [operator, setOperator] = useState<string>("=");
  const [value, setValue] = useState("");
  const [keysId, valuesId] = [useId(), useId()];
  const own = state.model.defaultKeys?.map((k) => String(k.value ?? k.text ?? ""));
  const keys = useQuery({
    queryKey: ["adhoc-keys", source, state.model.name],
    queryFn: ({ signal }) => loadOptions({ kind: "labelNames", match: null }, source, time.range, signal),
    enabled: !own?.length,
  });
  const values = useQuery({
    queryKey: ["adhoc-values", source, key],
    queryFn: ({ signal }) => loadOptions({ kind: "labelValues", match: null, label: key }, source, time.range, signal),
    enabled: key !== "",
    retry: false,
  });
  const names = own?.length ? own : (keys.data ?? []).map((k) => k.value).filter((k) => k !== "__name__");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() && value !== "") add({ key: key.trim(), operator, value });
  };
  return (
    <form className={classes.filterForm} onSubmit={submit}>
      <label>
        Label
        <input
          className="field"
          data-autofocus
          list={keysId}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <datalist id={keysId}>
          {names.slice(0, MAX_LISTED).map((k) => (
            <option key={k} value={k} />
          ))}
        </datalist>
      </label>
      <label>
        Condition
        <select className="field" value={operator} onChange={(event) => setOperator(event.currentTarget.value)}>
          {ADHOC_OPERATORS.map((op) => (
            <option key={op} value={op}>
              {OPERATOR_NAMES[op]}
            </option>
          ))}
        </select>
      </label>
      <label>
        Value
        <input
          className="field"
          list={valuesId}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <datalist id={valuesId}>
          {(values.data ?? []).slice(0, MAX_LISTED).map((v) => (
            <option key={v.value} value={v.value} />
          ))}
        </datalist>
      </label>
      {keys.error && <p className={classes.note}>The labels could not be listed: type the name.</p>}
      <button type="submit" className="button" data-kind="primary" disabled={!key.trim() || value === ""}>
        Add the filter
      </button>
    </form>
  );
}

const OPERATOR_NAMES: Record<(typeof ADHOC_OPERATORS)[number], string> = {
  "=": "= is",
  "!=": "!= is not",
  "=~": "=~ matches",
  "!~": "!~ does not match",
  "=|": "is one of (a, b)",
  "!=|": "is none of (a, b)",
};
