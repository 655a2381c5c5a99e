/** joinByField (and its old name seriesToColumns): frames side by side, rows matched by one column. */

import { type DataFrame, type Field, frameOf } from "../lib/dataFrame";
import { type FieldMatcher, fieldMatcher } from "../lib/fieldConfig/matchers";
import { sortedBy } from "./sortBy";
import { joinedRefId, type Transform } from "./types";

export const joinByField: Transform = (frames, options) => {
  if (frames.length <= 1) {
    return frames;
  }
  const byField = options.byField as string | undefined;
  const mode = String(options.mode ?? "outer");
  return [{ ...joinFrames(frames, byField, mode), refId: joinedRefId("joinByField", frames) }];
};

interface Side {
  key: Field;
  fields: Field[];
}

/** Frames without the key column are left out; an inner join with one of them is empty. */
export function joinFrames(frames: readonly DataFrame[], byField: string | undefined, mode: string): DataFrame {
  const matches = keyMatcher(frames, byField);
  const sides = frames.flatMap((frame) => sideOf(frame, frames, matches));
  const [first] = sides;
  if (first === undefined) {
    return frameOf([]);
  }
  const columns = [first.key, ...sides.flatMap((side) => side.fields)];
  if (mode === "inner" && sides.length < frames.length) {
    return frameOf(columns.map((field) => ({ ...field, values: [] })));
  }
  const values = mode === "outer" ? outerJoin(sides) : tabularJoin(sides, mode === "outerTabular");
  return frameOf(columns.map((field, index) => ({ ...field, state: undefined, values: values[index] ?? [] })));
}

function keyMatcher(frames: readonly DataFrame[], byField: string | undefined): FieldMatcher {
  const id = byField ? "byName" : "firstTimeField";
  return fieldMatcher(id, byField) ?? (() => frames.length < 0);
}

function sideOf(frame: DataFrame, frames: readonly DataFrame[], matches: FieldMatcher): Side[] {
  const key = frame.fields.find((field) => matches(field, frame, frames));
  if (key === undefined) {
    return [];
  }
  const fields = frame.fields.filter((field) => field !== key).map((field) => namedByFrame(field, frame));
  return [{ key, fields }];
}

/** A bare "Value" takes the name of its frame. */
function namedByFrame(field: Field, frame: DataFrame): Field {
  if (!frame.name) {
    return { ...field, labels: field.labels ?? {} };
  }
  if (field.name === "Value") {
    return { ...field, name: frame.name, labels: field.labels ?? {} };
  }
  return { ...field, labels: { name: frame.name, ...field.labels } };
}

/** Every key once, in rising order; a frame's last row of a key wins. */
function outerJoin(sides: readonly Side[]): unknown[][] {
  const keys = sides[0]?.key.values ?? [];
  const aligned = sides.every(
    ({ key }) =>
      key.values === keys || (key.values.length === keys.length && key.values.every((value, i) => value === keys[i])),
  );
  if (aligned) {
    const columns = [keys, ...sides.flatMap((side) => side.fields.map((field) => field.values))];
    return ascending(columns);
  }
  const all = [...new Set(sides.flatMap((side) => [...side.key.values]))].sort(compareKeys);
  const place = new Map(all.map((key, index) => [key, index]));
  const joined: unknown[][] = [all];
  for (const { key, fields } of sides) {
    for (const field of fields) {
      const values = new Array<unknown>(all.length).fill(undefined);
      field.values.forEach((value, row) => {
        values[place.get(key.values[row]) as number] = value;
      });
      joined.push(values);
    }
  }
  return joined;
}

function ascending(columns: (readonly unknown[])[]): unknown[][] {
  const [keys = []] = columns;
  const sorted = keys.every((key, index) => index === 0 || compareKeys(keys[index - 1], key) < 0);
  if (sorted || typeof keys[0] === "string") {
    return columns.map((column) => [...column]);
  }
  const frame = frameOf(columns.map((values) => ({ name: "", type: "number", config: {}, values })));
  return sortedBy(frame, 0, false).fields.map((field) => [...field.values]);
}

function compareKeys(a: unknown, b: unknown): number {
  return typeof a === "string" || typeof b === "string" ? 0 : Number(a) - Number(b);
}

/** Every pairing of rows with equal keys, as a database joins. */
function tabularJoin(sides: readonly Side[], outer: boolean): unknown[][] {
  const tables = sides.map(({ key, fields }) => [key.values, ...fields.map((field) => field.values)]);
  return tables.slice(1).reduce<unknown[][]>(
    (left, right) => joinPair(left, right, outer),
    (tables[0] ?? []).map((column) => [...column]),
  );
}

function joinPair(left: unknown[][], right: (readonly unknown[])[], outer: boolean): unknown[][] {
  const [leftKeys = []] = left;
  const [rightKeys = []] = right;
  const rowsOf = new Map<string, number[]>();
  rightKeys.forEach((key, row) => {
    rowsOf.set(String(key), [...(rowsOf.get(String(key)) ?? []), row]);
  });
  const pairs: [number, number][] = [];
  const lonely: [number, number][] = [];
  const matched = new Set<string>();
  leftKeys.forEach((key, row) => {
    const others = key === null || key === undefined ? undefined : rowsOf.get(String(key));
    if (others === undefined) {
      lonely.push([row, -1]);
      return;
    }
    matched.add(String(key));
    pairs.push(...others.map((other): [number, number] => [row, other]));
  });
  if (outer) {
    const rest = [...rowsOf].filter(([key]) => !matched.has(key)).flatMap(([, rows]) => rows);
    pairs.push(...lonely, ...rest.map((row): [number, number] => [-1, row]));
  }
  const pick = (column: readonly unknown[], row: number) => (row < 0 ? null : column[row]);
  return [
    pairs.map(([l, r]) => (l < 0 ? rightKeys[r] : leftKeys[l])),
    ...left.slice(1).map((column) => pairs.map(([l]) => pick(column, l))),
    ...right.slice(1).map((column) => pairs.map(([, r]) => pick(column, r))),
  ];
}
