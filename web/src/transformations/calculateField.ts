/** calculateField: a new column from the ones that are there. */

import { type DataFrame, type Field, timeFieldOf } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { type FieldMatcher, fieldMatcher } from "../lib/fieldConfig/matchers";
import { reduceBy, reducerInfo } from "../lib/reduce";
import { joinFrames } from "./joinByField";
import { joinedRefId, type Transform } from "./types";

interface Operand {
  fixed?: string;
  matcher?: { id?: string; options?: string };
}

interface Options {
  mode?: string;
  alias?: string;
  replaceFields?: boolean;
  timeSeries?: boolean;
  reduce?: { reducer?: string; include?: string[]; nullValueMode?: string };
  binary?: { left?: string | Operand; operator?: string; right?: string | Operand };
  unary?: { operator?: string; fieldName?: string };
  cumulative?: { field?: string; reducer?: string };
  window?: Window;
  index?: { asPercentile?: boolean };
}

interface Window {
  field?: string;
  reducer?: string;
  windowAlignment?: string;
  windowSizeMode?: string;
  windowSize?: number;
}

type Column = (frame: DataFrame, frames: readonly DataFrame[]) => (number | null | undefined)[] | undefined;

export const calculateField: Transform = (given, raw) => {
  const options = raw as Options;
  const mode = options.mode ?? "reduceRow";
  const right = options.binary?.right;
  const constant = mode === "binary" && isNumeric(typeof right === "object" ? right.fixed : right);
  const frames = options.timeSeries !== false && !constant ? inOneFrame(given) : given;
  if (mode === "binary" && typeof options.binary?.left === "object" && options.binary.left.matcher?.id === "byType") {
    return everyColumn(frames, options);
  }
  const column = columnOf(mode, options, frames);
  return frames.flatMap((frame) => withColumn(frame, frames, options, column));
};

const isNumeric = (value: string | undefined) => !Number.isNaN(Number(value));

/** Series over time are put side by side first, so that their columns can meet. */
function inOneFrame(frames: DataFrame[]): DataFrame[] {
  const times = frames.map((frame) => timeFieldOf(frame)?.name);
  const [name] = times;
  if (frames.length < 2 || name === undefined || times.some((other) => other !== name)) {
    return frames;
  }
  return [{ ...joinFrames(frames, name, "outer"), refId: joinedRefId("joinByField", frames) }];
}

function withColumn(
  frame: DataFrame,
  frames: readonly DataFrame[],
  options: Options,
  column: Column | undefined,
): DataFrame[] {
  const values = column?.(frame, frames);
  if (values === undefined) {
    return options.replaceFields && column ? [] : [frame];
  }
  const isIndex = options.mode === "index";
  const config = options.alias && !isIndex ? { displayName: options.alias } : {};
  const field: Field = { name: nameOf(options), type: "number", config, values };
  if (isIndex && options.index?.asPercentile) {
    field.config = { unit: "percentunit" };
  }
  const time = timeFieldOf(frame);
  const kept = options.replaceFields ? (time && options.timeSeries !== false && !isIndex ? [time] : []) : frame.fields;
  return [{ ...frame, fields: [...kept, field] }];
}

function columnOf(mode: string, options: Options, frames: readonly DataFrame[]): Column | undefined {
  switch (mode) {
    case "reduceRow":
      return rowReducer(options.reduce ?? {});
    case "binary":
      return binaryColumn(options, frames);
    case "unary":
      return unaryColumn(options.unary ?? {});
    case "cumulativeFunctions":
      return cumulativeColumn(options.cumulative ?? {});
    case "windowFunctions":
      return windowColumn(options.window ?? {});
    case "index":
      return (frame) =>
        Array.from({ length: frame.length }, (_, row) => (options.index?.asPercentile ? row / frame.length : row));
    default:
      return undefined;
  }
}

function rowReducer({ reducer = "sum", include, nullValueMode }: NonNullable<Options["reduce"]>): Column {
  const matcher = include?.length ? fieldMatcher("byNames", { names: include }) : fieldMatcher("numeric", undefined);
  // Unlike for columns, empty cells count as values here.
  const counts = reducer === "count" && nullValueMode !== "ignore";
  return (frame, frames) => {
    const columns = frame.fields.filter((field) => matcher?.(field, frame, frames)).map((field) => field.values);
    return Array.from({ length: frame.length }, (_, row) => {
      const values = columns.map((column) => column[row]);
      return counts ? values.length : (reduceBy({ name: "", type: "number", config: {}, values }, reducer) as number);
    });
  };
}

function operand(value: string | Operand | undefined, frames: readonly DataFrame[]): Operand {
  if (typeof value === "object") {
    return value;
  }
  const text = value ?? "";
  const names = frames.some((frame) => frame.fields.some((field) => field.name === text));
  return isNumeric(text) && !names ? { fixed: text } : { matcher: { id: "byName", options: text } };
}

function operandValues(frame: DataFrame, frames: readonly DataFrame[], side: Operand): readonly unknown[] | undefined {
  if (side.matcher?.id === "byName") {
    const field = frame.fields.find((other) => fieldDisplayName(other, frame, frames) === side.matcher?.options);
    if (field) {
      return field.type === "boolean" ? field.values.map(Number) : field.values;
    }
  }
  const constant = Number.parseFloat(side.fixed ?? side.matcher?.options ?? "");
  return Number.isNaN(constant) ? undefined : new Array<number>(frame.length).fill(constant);
}

const BINARY: Record<string, (left: number, right: number) => number> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
};

function binaryColumn({ binary = {} }: Options, frames: readonly DataFrame[]): Column {
  const left = operand(binary.left, frames);
  const right = operand(binary.right, frames);
  const operation = BINARY[binary.operator ?? "+"];
  return (frame) => {
    const a = operandValues(frame, frames, left);
    const b = operandValues(frame, frames, right);
    return a && b && operation ? a.map((value, row) => operation(value as number, b[row] as number)) : undefined;
  };
}

/** Binary with "every column of a type" on its left: one new column for each of them. */
function everyColumn(frames: DataFrame[], options: Options): DataFrame[] {
  const { binary = {} } = options;
  const type = (binary.left as Operand).matcher?.options;
  const right = operand(binary.right, frames);
  const operation = BINARY[binary.operator ?? "+"];
  return frames.flatMap((frame) => {
    const b = operandValues(frame, frames, right);
    const time = options.timeSeries !== false ? timeFieldOf(frame) : undefined;
    const fields: Field[] = time ? [time] : [];
    let added = false;
    for (const field of frame.fields) {
      if (!options.replaceFields && field !== time) {
        fields.push(field);
      }
      if (field.type === type && b && operation) {
        const name = `${field.name} ${binary.operator ?? ""} ${right.matcher?.options ?? right.fixed}`;
        const values = field.values.map((value, row) => operation(value as number, b[row] as number));
        fields.push({ ...field, name, values, state: undefined });
        added = true;
      }
    }
    return options.replaceFields && !added ? [] : [{ ...frame, fields }];
  });
}

const UNARY: Record<string, (value: number, sum: number) => number> = {
  abs: (value) => Math.abs(value),
  exp: (value) => Math.exp(value),
  ln: (value) => Math.log(value),
  floor: (value) => Math.floor(value),
  ceil: (value) => Math.ceil(value),
  round: (value) => Math.round(value),
  percent: (value, sum) => value / (sum || 1),
};

function unaryColumn({ operator = "abs", fieldName = "" }: NonNullable<Options["unary"]>): Column {
  return (frame, frames) => {
    const field = frame.fields.findLast(
      (other) => other.type === "number" && fieldDisplayName(other, frame, frames) === fieldName,
    );
    const operation = UNARY[operator];
    if (!field?.values.length || !operation) {
      return undefined;
    }
    const values = field.values as number[];
    const sum = values.reduce((total, value) => (Number.isFinite(value) ? total + value : total), 0);
    return values.map((value) => operation(value, sum));
  };
}

function chosenField(frame: DataFrame, frames: readonly DataFrame[], name: string | undefined): Field | undefined {
  const matcher: FieldMatcher | undefined = name
    ? fieldMatcher("byNames", { names: [name] })
    : fieldMatcher("numeric", undefined);
  return frame.fields.find((field) => matcher?.(field, frame, frames));
}

function cumulativeColumn({ field: name, reducer = "sum" }: NonNullable<Options["cumulative"]>): Column {
  return (frame, frames) => {
    const field = chosenField(frame, frames, name);
    let total = 0;
    return field?.values.map((value, row) => {
      total += (value as number | null) ?? 0;
      return reducer === "mean" ? total / (row + 1) : total;
    });
  };
}

function windowColumn({ field: name, reducer = "mean", ...window }: Window): Column {
  return (frame, frames) => {
    const field = chosenField(frame, frames, name);
    const share = window.windowSize ?? 0.1;
    const fixed = window.windowSizeMode === "fixed";
    const size = Math.max(1, Math.ceil(fixed ? share : share * frame.length));
    const centered = window.windowAlignment === "centered";
    const before = centered ? Math.floor(size / 2) : size - 1;
    const after = centered ? Math.ceil(size / 2) - 1 : 0;
    return field?.values.map((_, row) => {
      const values = field.values.slice(Math.max(0, row - before), row + after + 1);
      return (reduceBy({ name: "", type: "number", config: {}, values }, reducer) as number | null) ?? 0;
    });
  };
}

function nameOf(options: Options): string {
  if (options.alias) {
    return options.alias;
  }
  switch (options.mode ?? "reduceRow") {
    case "reduceRow":
      return reducerInfo(options.reduce?.reducer ?? "sum")?.name ?? "math";
    case "binary": {
      const side = (value: string | Operand | undefined) =>
        typeof value === "object" ? (value.matcher?.options ?? value.fixed ?? "") : (value ?? "");
      const [left, right] = [side(options.binary?.left), side(options.binary?.right)];
      return left && right ? `${left} ${options.binary?.operator ?? "+"} ${right}` : "";
    }
    case "unary":
      return called(options.unary?.operator ?? "abs", options.unary?.fieldName);
    case "cumulativeFunctions":
      return called(`cumulative ${options.cumulative?.reducer ?? "sum"}`, options.cumulative?.field);
    case "windowFunctions": {
      const { windowAlignment = "trailing", reducer = "mean", field } = options.window ?? {};
      return called(`${windowAlignment} moving ${reducer}`, field);
    }
    case "index":
      return "Row";
    default:
      return "math";
  }
}

const called = (operation: string, field: string | undefined) => `${operation}${field ? `(${field})` : ""}`;
