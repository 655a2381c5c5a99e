import { expect, test } from "vitest";
import { constantsOf, withConstants } from "./inputs";

test("constants are asked for and put in", () => {
  const file = {
    __inputs: [
      { name: "DS_PROMETHEUS", type: "datasource", pluginId: "prometheus" },
      { name: "VAR_HOST", type: "constant", label: "host", value: "a" },
    ],
    panels: [{ title: "of ${VAR_HOST}", datasource: "${DS_PROMETHEUS}" }],
  };
  const text = JSON.stringify(file);
  expect(constantsOf(text)).toEqual([{ name: "VAR_HOST", label: "host", description: "", value: "a" }]);
  expect(JSON.parse(withConstants(text, { VAR_HOST: 'b"' })).panels).toEqual([
    { title: 'of b"', datasource: "${DS_PROMETHEUS}" },
  ]);
  expect(withConstants(text, {})).toBe(text);
  expect(constantsOf("{")).toEqual([]);
});
