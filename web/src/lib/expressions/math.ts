/** Evaluates parsed arithmetic over values: numbers, and series joined by their labels and times. */

import type { Labels } from "../../api/frames";
import type { Node } from "./parse";
import type { Item, Value } from "./value";

const bool = (b: boolean) => (b ? 1 : 0);

const BINARY: Record<string, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "**": (a, b) => a ** b,
  "^": (a, b) => a ** b,
  "==": (a, b) => bool(a === b),
  "!=": (a, b) => bool(a !== b),
  ">": (a, b) => bool(a > b),
  "<": (a, b) => bool(a < b),
  ">=": (a, b) => bool(a >= b),
  "<=": (a, b) => bool(a <= b),
  "&&": (a, b) => bool(a !== 0 && b !== 0),
  "||": (a, b) => bool(a !== 0 || b !== 0),
};

const UNARY: Record<string, (a: number) => number> = {
  "-": (a) => -a,
  "!": (a) => bool(a === 0),
  abs: Math.abs,
  log: Math.log,
  round: Math.round,
  ceil: Math.ceil,
  floor: Math.floor,
  is_inf: (a) => bool(a === Number.POSITIVE_INFINITY || a === Number.NEGATIVE_INFINITY),
  is_nan: (a) => bool(Number.isNaN(a)),
  is_null: (a) => bool(Number.isNaN(a)),
  is_number: (a) => bool(Number.isFinite(a)),
};

const CONSTANTS: Record<string, number> = {
  inf: Number.POSITIVE_INFINITY,
  infn: Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
  null: Number.NaN,
};

export function evaluate(node: Node, values: ReadonlyMap<string, Value>): Value {
  switch (node.kind) {
    case "number":
      return scalar(node.value);
    case "ref": {
      const value = values.get(node.name);
      if (!value) throw new Error(`the expression refers to $${node.name}, which is no query of this panel`);
      return value;
    }
    case "unary":
      return map(evaluate(node.of, values), UNARY[node.op] ?? ((a) => a));
    case "call": {
      const constant = CONSTANTS[node.name];
      if (constant !== undefined && node.args.length === 0) return scalar(constant);
      const run = UNARY[node.name];
      const [only] = node.args;
      if (!run || !only || node.args.length !== 1) throw new Error(`the expression calls ${node.name}(…)`);
      return map(evaluate(only, values), run);
    }
    case "binary": {
      const run = BINARY[node.op];
      if (!run) throw new Error(`the expression has an operator “${node.op}”`);
      return join(evaluate(node.left, values), evaluate(node.right, values), run);
    }
  }
}

export function scalar(value: number): Value {
  return { kind: "number", items: [{ labels: {}, times: new Float64Array(1), values: Float64Array.of(value) }] };
}

function map(value: Value, run: (a: number) => number): Value {
  return { kind: value.kind, items: value.items.map((item) => ({ ...item, values: item.values.map(run) })) };
}

/** Pairs that may be a wall of results: two hundred series against two hundred without a common label. */
const MAX_PAIRS = 10_000;

function join(left: Value, right: Value, run: (a: number, b: number) => number): Value {
  const kind = left.kind === "series" || right.kind === "series" ? "series" : "number";
  const items: Item[] = [];
  for (const a of left.items) {
    for (const b of right.items) {
      const alone = left.items.length === 1 && right.items.length === 1;
      if (!alone && !contains(a.labels, b.labels) && !contains(b.labels, a.labels)) continue;
      if (items.length >= MAX_PAIRS) throw new Error("the expression joins too many series");
      const labels = Object.keys(a.labels).length >= Object.keys(b.labels).length ? a.labels : b.labels;
      items.push({ labels, ...combine(left.kind, a, right.kind, b, run) });
    }
  }
  return { kind, items };
}

const contains = (all: Labels, some: Labels) =>
  Object.entries(some).every(([key, value]) => key === "__name__" || all[key] === value);

function combine(
  leftKind: Value["kind"],
  a: Item,
  rightKind: Value["kind"],
  b: Item,
  run: (a: number, b: number) => number,
): Pick<Item, "times" | "values"> {
  const [x, y] = [a.values[0] ?? Number.NaN, b.values[0] ?? Number.NaN];
  if (leftKind === "number" && rightKind === "number") return { times: a.times, values: Float64Array.of(run(x, y)) };
  if (rightKind === "number") return { times: a.times, values: a.values.map((v) => run(v, y)) };
  if (leftKind === "number") return { times: b.times, values: b.values.map((v) => run(x, v)) };
  const times: number[] = [];
  const values: number[] = [];
  let j = 0;
  a.times.forEach((time, i) => {
    while (j < b.times.length && (b.times[j] ?? 0) < time) j += 1;
    if (b.times[j] !== time) return;
    times.push(time);
    values.push(run(a.values[i] ?? Number.NaN, b.values[j] ?? Number.NaN));
  });
  return { times: Float64Array.from(times), values: Float64Array.from(values) };
}
