/** Field configuration: names, overrides, mappings, thresholds, colours; where it can be against the reference. */

import type { Field as ReferenceField } from "@grafana/data";
import { describe, expect, it } from "vitest";
import { CLASSIC_PALETTE, colorByName, isContinuous, schemeRamp, seriesModeColor } from "./colors";
import { type DataFrame, type FieldConfig, frameOf, type ValueMapping } from "./dataFrame";
import { applyFieldConfig, displayProcessor, type FieldConfigSource, replaceContext } from "./fieldConfig";
import { mapValue } from "./fieldConfig/mappings";
import { formattedText } from "./format";
import { grafana } from "./oracle";

const { createTheme, fieldColorModeRegistry, getDisplayProcessor } = grafana;
const THEMES = { dark: createTheme({ colors: { mode: "dark" } }), light: createTheme({ colors: { mode: "light" } }) };

function frames(): DataFrame[] {
  return ["a", "b", "c"].map((host, index) =>
    frameOf(
      [
        { name: "Time", type: "time", config: {}, values: [1000, 2000] },
        {
          name: "Value",
          type: "number",
          labels: { host },
          config: { displayNameFromDS: `cpu ${host}` },
          values: [index, index * 10],
        },
      ],
      { refId: index === 2 ? "B" : "A" },
    ),
  );
}

type Overrides = FieldConfigSource["overrides"];

const configured = (defaults: FieldConfig, overrides: Overrides = []) =>
  applyFieldConfig(frames(), { defaults: defaults as FieldConfigSource["defaults"], overrides }, { theme: "dark" });

const units = (overrides: Overrides) =>
  configured({ unit: "s" }, overrides).map((frame) => frame.fields[1]?.config.unit);
const rule = (id: string, options: unknown, property = "unit", value: unknown = "bytes") => [
  { matcher: { id, options }, properties: [{ id: property, value }] },
];

describe("overrides", () => {
  it("match by every matcher", () => {
    expect(units(rule("byName", "cpu b"))).toEqual(["s", "bytes", "s"]);
    expect(units(rule("byRegexp", "/cpu [ab]/"))).toEqual(["bytes", "bytes", "s"]);
    expect(units(rule("byRegexp", "cpu"))).toEqual(["s", "s", "s"]);
    expect(units(rule("byType", "number"))).toEqual(["bytes", "bytes", "bytes"]);
    expect(units(rule("byFrameRefID", "B"))).toEqual(["s", "s", "bytes"]);
    expect(units(rule("byNames", { mode: "exclude", names: ["cpu a"] }))).toEqual(["s", "bytes", "bytes"]);
    expect(units(rule("byValue", { reducer: "max", op: "gte", value: 10 }))).toEqual(["s", "bytes", "bytes"]);
    expect(units(rule("byMagic", "x"))).toEqual(["s", "s", "s"]);
  });
  it("reach into custom options and leave the defaults alone", () => {
    const defaults: FieldConfig = { custom: { lineWidth: 1, hideFrom: { viz: false } } };
    const [first, second] = configured(defaults, rule("byName", "cpu a", "custom.hideFrom.viz", true));
    expect(first?.fields[1]?.config.custom).toEqual({ lineWidth: 1, hideFrom: { viz: true } });
    expect(second?.fields[1]?.config.custom).toEqual({ lineWidth: 1, hideFrom: { viz: false } });
    configured({}, rule("byName", "cpu a", "__proto__.polluted", true));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
  it("name fields by their labels", () => {
    const [first] = configured({ displayName: "${__field.labels.host} of ${__series.name} $x" });
    expect(first?.fields[1]?.state?.displayName).toBe("a of cpu a $x");
    expect(
      replaceContext('/d/${__data.fields["a b"]}', (name) => (name === "__data.fields.a b" ? "x y" : undefined), true),
    ).toBe("/d/x%20y");
  });
  it("range over all fields unless each stands for itself", () => {
    const range = (defaults: FieldConfig) => configured(defaults).map((frame) => frame.fields[1]?.state?.range);
    expect(range({})[0]).toEqual({ min: 0, max: 20, delta: 20 });
    expect(range({ fieldMinMax: true })[1]).toEqual({ min: 1, max: 10, delta: 9 });
    expect(range({ min: 5, max: 6 })[2]).toEqual({ min: 5, max: 6, delta: 1 });
  });
});

const MAPPINGS: ValueMapping[] = [
  { type: "value", options: { "1": { text: "one", color: "red" }, up: { text: "UP" } } },
  { type: "range", options: { from: 10, to: 20, result: { text: "teens" } } },
  { type: "range", options: { from: null, to: -5, result: { color: "blue" } } },
  { type: "regex", options: { pattern: "/^v(\\d+)/", result: { text: "version $1" } } },
  { type: "special", options: { match: "null+nan", result: { text: "none" } } },
  { type: "special", options: { match: "empty", result: { text: "empty" } } },
];

describe("value mappings", () => {
  it.each([1, 2, 10, 15, 20, 21, -5, -4, null, Number.NaN, "", "up", "v12", "x", "17"])("%s", (value) => {
    const type = typeof value === "string" ? "string" : "number";
    const field = { name: "v", type, values: [value], config: { mappings: MAPPINGS } };
    const reference = getDisplayProcessor({ field: field as unknown as ReferenceField, theme: THEMES.dark })(value);
    const mapped = mapValue(MAPPINGS, value);
    expect(mapped?.text).toBe(reference.text === String(value ?? "") ? undefined : reference.text);
    expect(mapped?.color && colorByName(mapped.color, "dark")).toBe(mapped?.color && reference.color);
  });
});

const STEPS = [
  { value: Number.NEGATIVE_INFINITY, color: "green" },
  { value: 5, color: "orange" },
  { value: 15, color: "#aabbcc" },
];

const CONFIGS: FieldConfig[] = [
  {},
  { unit: "bytes", decimals: 1 },
  { unit: "percentunit", thresholds: { mode: "absolute", steps: STEPS }, color: { mode: "thresholds" } },
  { thresholds: { mode: "percentage", steps: STEPS }, color: { mode: "thresholds" }, min: 0, max: 200 },
  { color: { mode: "continuous-GrYlRd" } },
  { color: { mode: "continuous-BlPu" }, min: 0, max: 10 },
  { color: { mode: "fixed", fixedColor: "dark-purple" } },
  { color: { mode: "palette-classic" } },
  { color: { mode: "palette-classic-by-name" } },
  { mappings: MAPPINGS, unit: "s", thresholds: { mode: "absolute", steps: STEPS } },
  { noValue: "nothing", unit: "s" },
];

describe("display", () => {
  const values = [0, 1, 4.5, 5, 14.99, 15, 19, -6, null, Number.NaN, 12];
  it.each(CONFIGS.map((config, index) => [index, config] as const))("config %i", (_index, config) => {
    // The reference keeps a scheme's ramp of the first theme that asked for it.
    const themes = isContinuous(config.color?.mode) ? (["dark"] as const) : (["dark", "light"] as const);
    for (const theme of themes) {
      const field = {
        name: "cpu",
        type: "number" as const,
        values,
        config,
        state: { seriesIndex: 3, displayName: "cpu" },
      };
      const reference = getDisplayProcessor({
        field: structuredClone(field) as unknown as ReferenceField,
        theme: THEMES[theme],
      });
      const own = displayProcessor(structuredClone(field), { theme });
      for (const value of values) {
        const theirs = reference(value);
        const text = formattedText(theirs as never);
        // "NaN" and the like are texts of the reference for values that are none.
        const expectText = Number.isNaN(value) ? own(value).text : text;
        expect({ value, theme, text: formattedText(own(value)), color: own(value).color }).toEqual({
          value,
          theme,
          text: expectText,
          color: theirs.color,
        });
      }
    }
  });
});

describe("colours", () => {
  it("are those of the reference, by name and by scheme", () => {
    for (const theme of ["dark", "light"] as const) {
      for (const name of [
        ...CLASSIC_PALETTE,
        "light-orange",
        "semi-dark-blue",
        "super-light-green",
        "transparent",
        "#123",
      ]) {
        expect(colorByName(name, theme)).toBe(THEMES[theme].visualization.getColorByName(name));
      }
      for (const { id, isContinuous: continuous } of fieldColorModeRegistry.list()) {
        expect([id, isContinuous(id)]).toEqual([id, continuous === true]);
      }
      for (let index = 0; index < 70; index++) {
        const field = {
          name: `s${index}`,
          type: "number",
          values: [],
          config: {},
          state: { seriesIndex: index },
        } as never;
        for (const mode of ["palette-classic", "palette-classic-by-name"]) {
          const theirs = fieldColorModeRegistry.get(mode).getCalculator(field, THEMES[theme])(0, 0);
          const own = seriesModeColor({ mode }, { index, name: `s${index}` }, theme);
          expect([mode, index, own]).toEqual([mode, index, colorByName(theirs, theme)]);
        }
      }
    }
    expect(schemeRamp("continuous-GrYlRd", "dark")(2)).toBe(schemeRamp("continuous-GrYlRd", "dark")(1));
  });
});

describe("unitScale", () => {
  const text = (unit: string, unitScale: boolean | undefined, value: number, decimals?: number) => {
    const field = { name: "x", type: "number" as const, values: [value], config: { unit, unitScale, decimals } };
    const [frame] = applyFieldConfig([{ fields: [field], length: 1 }], undefined, { theme: "dark" });
    return formattedText(frame?.fields[0]?.display?.(value) ?? { text: "" });
  };
  it("off writes numbers in full with their unit", () => {
    expect([text("bytes", undefined, 1536), text("bytes", true, 1536), text("bytes", false, 1536)]).toEqual([
      "1.50 KiB",
      "1.50 KiB",
      "1536 B",
    ]);
    expect([text("short", false, 2_500_000), text("currencyUSD", false, 1200, 2)]).toEqual(["2500000", "$1200.00"]);
    expect([text("percentunit", false, 0.5), text("dtdurations", false, 120)]).toEqual(["50%", "2 minutes"]);
  });
});

describe("old mappings", () => {
  it("mean what they meant", () => {
    const mappings = [
      { type: 1, value: "1", text: "up" },
      { type: 1, value: "null", text: "gone" },
      { type: 2, from: "5", to: "9", text: "some" },
    ] as never;
    const field = { name: "x", type: "number" as const, values: [1], config: { mappings } };
    const [frame] = applyFieldConfig([{ fields: [field], length: 1 }], undefined, { theme: "dark" });
    const shown = [1, null, 7, 12].map((value) => frame?.fields[0]?.display?.(value).text);
    expect(shown).toEqual(["up", "gone", "some", "12"]);
  });
});
