import { expect, test } from "vitest";
import type { Frame, Labels, MatrixFrame } from "../../api/frames";
import type { Target } from "../../panels/types";
import { neededRefs, readExpression, runExpressions } from "./expressions";
import { parseExpression } from "./parse";

const base = { expr: "", legend: "", format: "time_series" as const, stepMs: 1, warnings: [], infos: [] };
const range = { fromMs: 0, toMs: 40 };

function series(id: string, ...all: [Labels, number[]][]): MatrixFrame {
  const times = Float64Array.from(all[0]?.[1] ?? [], (_, i) => i * 10);
  const list = all.map(([labels, values]) => ({ labels, values: Float64Array.from(values) }));
  return { ...base, id, kind: "matrix", instant: false, times, series: list };
}

function run(targets: Partial<Target>[], ...answers: Frame[]) {
  const expressions = targets.map((t, i) => {
    const target = { refId: `E${i}`, ...t } as Target;
    return readExpression(target, String(target.expression));
  });
  const { frames, errors } = runExpressions(expressions, answers, range);
  const shown = frames.flatMap((f) => {
    if (f.kind !== "matrix" && f.kind !== "vector") return [];
    return f.series.map((s) => `${f.id} ${JSON.stringify(s.labels)} ${[...s.values].join(",")}`);
  });
  return [...shown, ...errors];
}

test("arithmetic binds as in mathematics", () => {
  const cases: [string, string][] = [
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["2 ** 3 ** 2", "512"],
    ["-2 * 3", "-6"],
    ["7 % 4 >= 3 && !(1 == 2)", "1"],
    ["abs(-3) + floor(1.7) + is_nan(nan())", "5"],
    ["1 / 0 == inf()", "1"],
  ];
  for (const [expression, value] of cases)
    expect([expression, ...run([{ expression }])]).toEqual([expression, `E0 {} ${value}`]);
});

test("series are joined by labels and times", () => {
  const a = series("A", [{ gpu: "0" }, [1, 2, 3]], [{ gpu: "1" }, [10, Number.NaN, 30]]);
  const b = series("B", [{ gpu: "0", host: "x" }, [2, 2, 2]], [{ gpu: "1", host: "x" }, [5, 5, 5]]);
  expect(run([{ type: "math", expression: "$A / ${B}" }], a, b)).toEqual([
    'E0 {"gpu":"0","host":"x"} 0.5,1,1.5',
    'E0 {"gpu":"1","host":"x"} 2,NaN,6',
  ]);
  expect(run([{ expression: "$A > 2" }], series("A", [{}, [1, 3]]))).toEqual(["E0 {} 0,1"]);
});

test("reduce, resample and threshold follow each other", () => {
  const a = series("A", [{ x: "1" }, [1, 2, 6]]);
  const targets: Partial<Target>[] = [
    { refId: "R", type: "reduce", expression: "A", reducer: "mean", hide: true },
    { refId: "T", type: "threshold", expression: "$R", conditions: [{ evaluator: { type: "gt", params: [2] } }] },
    { refId: "S", type: "resample", expression: "A", window: "20ms", downsampler: "sum", upsampler: "pad" },
  ];
  expect(run(targets, a)).toEqual(['T {"x":"1"} 1', 'S {"x":"1"} 1,8,6']);
  const strict = series("A", [{}, [1, Number.POSITIVE_INFINITY]]);
  const reduced = (settings: object) => run([{ type: "reduce", expression: "A", reducer: "max", settings }], strict);
  expect(reduced({ mode: "dropNN" })).toEqual(["E0 {} 1"]);
  expect(reduced({ mode: "replaceNN", replaceWithValue: 7 })).toEqual(["E0 {} 7"]);
});

test("what an expression needs is asked for, and what is wrong is said", () => {
  const read = (t: Partial<Target>) => readExpression(t as Target, String(t.expression));
  const all = [
    read({ refId: "C", type: "math", expression: "$B * 2" }),
    read({ refId: "B", type: "reduce", expression: "$A", hide: true }),
    read({ refId: "D", type: "math", expression: "$X", hide: true }),
  ];
  expect([...neededRefs(all)]).toEqual(["C", "B", "A"]);
  expect(run([{ expression: "$Z + 1" }])).toEqual(["E0: $Z has no data"]);
  expect(
    run([
      { refId: "A", expression: "$B" },
      { refId: "B", expression: "$A" },
    ])[0],
  ).toContain("refers to itself");
  expect(() => parseExpression("1 +")).toThrow("its end");
  expect(() => parseExpression("1 ; 2")).toThrow("“; 2”");
  expect(() => parseExpression("(".repeat(5000))).toThrow("nested too deeply");
  expect(() => read({ type: "sql", expression: "" })).toThrow("not available");
});
