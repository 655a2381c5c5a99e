/** A variable's drop-down: search, several values, All; all by keyboard. A multiple choice holds when it closes. */

import { Popover } from "@mantine/core";
import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import { type KeyboardEvent, useMemo, useState } from "react";
import { ALL, isAll, type VariableModel, type VariableOption, type VariableState } from "../../lib/variables/model";
import classes from "./VariableBar.module.css";

interface Props {
  state: VariableState;
  loading: boolean;
  set: (values: string[]) => void;
}

/** More are found by typing. */
const MAX_SHOWN = 400;

export function VariableSelect({ state, loading, set }: Props) {
  const [opened, setOpened] = useState(false);
  const [draft, setDraft] = useState<string[]>([]);
  const { model, selected, error } = state;
  const texts = selected.map((v) => (v === ALL ? "All" : (state.options.find((o) => o.value === v)?.text ?? v)));
  const open = () => {
    setDraft(selected);
    setOpened(true);
  };
  const close = (values = draft) => {
    setOpened(false);
    const mayBeNone = model.type === "groupby";
    if ((values.length > 0 || mayBeNone) && JSON.stringify(values) !== JSON.stringify(selected)) set(values);
  };
  const pick = (value: string) => {
    if (!isMulti(state)) return close([value]);
    setDraft(toggle(draft, value));
  };
  return (
    <Popover
      opened={opened}
      onChange={(next) => !next && close()}
      position="bottom-start"
      width={300}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <button
          type="button"
          className={`button ${classes.value}`}
          data-error={error !== null}
          title={error ?? texts.join("\n")}
          aria-label={`${model.label || model.name}: ${texts.join(", ") || "nothing"}`}
          aria-busy={loading}
          onClick={() => (opened ? close() : open())}
        >
          <span className="ellipsis">{texts.join(" + ") || (model.type === "groupby" ? "nothing" : "–")}</span>
          <IconChevronDown size={13} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes.box}>
        {opened && <OptionList state={state} chosen={draft} pick={pick} done={close} />}
      </Popover.Dropdown>
    </Popover>
  );
}

/** All and single values exclude each other; nothing chosen means All again where there is one. */
export function toggle(chosen: string[], value: string): string[] {
  if (value === ALL) return [ALL];
  const others = chosen.filter((v) => v !== ALL);
  return others.includes(value) ? others.filter((v) => v !== value) : [...others, value];
}

const isMulti = ({ model }: VariableState) => model.multi === true || model.type === "groupby";

const allowsCustom = (model: VariableModel) =>
  model.allowCustomValue !== false && !["datasource", "interval", "groupby"].includes(model.type);

interface ListProps {
  state: VariableState;
  chosen: string[];
  pick: (value: string) => void;
  done: () => void;
}

function useFound({ model, options }: VariableState, text: string): VariableOption[] {
  return useMemo(() => {
    const all: VariableOption[] = model.includeAll ? [{ text: "All", value: ALL }, ...options] : options;
    const words = text.toLowerCase();
    const found = all.filter((o) => o.text.toLowerCase().includes(words));
    // A value that is not listed may be typed.
    const custom = text.trim();
    if (custom === "" || !allowsCustom(model) || all.some((o) => o.text === custom || o.value === custom)) return found;
    return [...found, { text: `Use “${custom}”`, value: custom }];
  }, [options, model, text]);
}

function OptionList({ state, chosen, pick, done }: ListProps) {
  const [text, setText] = useState("");
  const [cursor, setCursor] = useState(0);
  const { model, error } = state;
  const multi = isMulti(state);
  const found = useFound(state, text);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const option = found[cursor];
    if (step) {
      event.preventDefault();
      setCursor((c) => (c + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter" && option) {
      event.preventDefault();
      pick(option.value);
    } else if (event.key === "Tab" && multi) done();
  };
  return (
    <>
      <input
        className={classes.find}
        data-autofocus
        placeholder="Find a value"
        aria-label="Find a value"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setCursor(0);
        }}
        onKeyDown={onKeyDown}
      />
      {error && (
        <p className={classes.note} data-tone="error">
          {error}
        </p>
      )}
      <div className={classes.options} role="listbox" aria-multiselectable={multi} aria-label={model.name}>
        {found.slice(0, MAX_SHOWN).map((option, i) => (
          <button
            type="button"
            key={option.value}
            role="option"
            tabIndex={-1}
            aria-selected={chosen.includes(option.value) || (option.value === ALL && isAll(chosen))}
            data-cursor={i === cursor}
            className={classes.option}
            onMouseMove={() => setCursor(i)}
            onClick={() => pick(option.value)}
            ref={i === cursor ? (node) => node?.scrollIntoView({ block: "nearest" }) : undefined}
          >
            {multi && (
              <span className={classes.check}>
                {chosen.includes(option.value) && <IconCheck size={12} stroke={3} />}
              </span>
            )}
            {option.text || "(empty)"}
          </button>
        ))}
      </div>
      {found.length === 0 && !error && (
        <p className={classes.note}>{text ? "No value matches" : "The query gives no values in this time range"}</p>
      )}
      {found.length > MAX_SHOWN && <p className={classes.note}>{found.length - MAX_SHOWN} more: type to find them</p>}
    </>
  );
}
