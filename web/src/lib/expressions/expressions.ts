/** Grafana's server-side expressions (`__expr__`), computed in the page: math, reduce, resample, threshold. */

import type { Frame } from "../../api/frames";
import type { Target } from "../../panels/types";
import { parseDuration } from "../duration";
import type { ResolvedRange } from "../time";
import { evaluate } from "./math";
import { type Node, parseExpression, references } from "./parse";
import { reduce, resample, threshold } from "./steps";
import { frameOf, toValue, type Value } from "./value";

export interface Expression {
  refId: string;
  type: string;
  /** As written; variables are already put in. */
  text: string;
  /** The queries and expressions it needs. */
  needs: string[];
  hidden: boolean;
  target: Target;
}

/** Reads a target of the source `__expr__`. Throws with what is wrong with it. */
export function readExpression(target: Target, text: string): Expression {
  const type = typeof target.type === "string" ? target.type : "math";
  const known = ["math", "reduce", "resample", "threshold"];
  if (!known.includes(type)) throw new Error(`expressions of type “${type}” are not available in this version`);
  const needs = type === "math" ? references(parseExpression(text)) : [text.trim().replace(/^\$\{?|\}$/g, "")];
  return { refId: target.refId, type, text, needs: [...new Set(needs)], hidden: target.hide === true, target };
}

/** Every query and expression that the visible expressions need, themselves included. */
export function neededRefs(expressions: readonly Expression[]): Set<string> {
  const byRef = new Map(expressions.map((e) => [e.refId, e]));
  const found = new Set<string>();
  const visit = (ref: string) => {
    if (found.has(ref)) return;
    found.add(ref);
    for (const next of byRef.get(ref)?.needs ?? []) visit(next);
  };
  for (const expression of expressions) if (!expression.hidden) visit(expression.refId);
  return found;
}

export interface Outcome {
  frames: Frame[];
  errors: string[];
}

/** Runs the expressions over the queries' answers; frames of the visible ones come back. */
export function runExpressions(expressions: readonly Expression[], answers: Frame[], range: ResolvedRange): Outcome {
  const byRef = new Map(expressions.map((e) => [e.refId, e]));
  const frames = new Map(answers.map((f) => [f.id, f]));
  const done = new Map<string, Value>();
  const running = new Set<string>();
  const valueFor = (ref: string): Value => {
    const known = done.get(ref);
    if (known) return known;
    const expression = byRef.get(ref);
    const frame = frames.get(ref);
    if (!expression && !frame) throw new Error(`$${ref} has no data`);
    if (running.has(ref)) throw new Error(`$${ref} refers to itself`);
    running.add(ref);
    const value = expression ? runOne(expression, valueFor, range) : toValue(frame as Frame);
    running.delete(ref);
    done.set(ref, value);
    return value;
  };
  const outcome: Outcome = { frames: [], errors: [] };
  for (const expression of expressions) {
    if (expression.hidden) continue;
    try {
      const value = valueFor(expression.refId);
      outcome.frames.push(frameOf(expression.refId, value, range.toMs, expression.text));
    } catch (error) {
      running.clear();
      outcome.errors.push(`${expression.refId}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return outcome;
}

type Json = Record<string, unknown>;
const record = (value: unknown): Json => (value && typeof value === "object" ? (value as Json) : {});
const word = (value: unknown, fallback: string) => (typeof value === "string" && value ? value : fallback);

function runOne(expression: Expression, valueFor: (ref: string) => Value, range: ResolvedRange): Value {
  const { type, text, needs, target } = expression;
  if (type === "math") {
    const node: Node = parseExpression(text);
    return evaluate(node, new Map(needs.map((ref) => [ref, valueFor(ref)])));
  }
  const input = valueFor(needs[0] ?? "");
  if (type === "reduce") {
    const settings = record(target.settings);
    const replaceWith = Number(settings.replaceWithValue ?? 0);
    return reduce(input, { reducer: word(target.reducer, "mean"), mode: word(settings.mode, ""), replaceWith });
  }
  if (type === "resample") {
    const windowMs = parseDuration(word(target.window, "")) ?? 0;
    const { downsampler, upsampler } = target;
    return resample(input, range, {
      windowMs,
      downsampler: word(downsampler, "mean"),
      upsampler: word(upsampler, "fillna"),
    });
  }
  const [condition] = Array.isArray(target.conditions) ? target.conditions : [];
  const evaluator = record(record(condition).evaluator);
  const params = Array.isArray(evaluator.params) ? evaluator.params.map(Number) : [];
  return threshold(input, { type: word(evaluator.type, "gt"), params });
}
