/** A bar chart's options with their defaults. */

import { numberOption, oneOf, orientationOption, textOption } from "../options";
import type { PanelModel } from "../types";

export interface BarChartOptions {
  orientation: "auto" | "horizontal" | "vertical";
  stacking: "none" | "normal" | "percent";
  showValue: "auto" | "always" | "never";
  /** Share of a category that its bars fill. */
  groupWidth: number;
  /** Share of its place that a bar fills. */
  barWidth: number;
  /** 0 to 0.5 of a bar's width. */
  barRadius: number;
  /** Degrees. */
  rotation: number;
  /** Texts of the category axis: all (0), or with room of that many pixels, from the end where negative. */
  spacing: number;
  maxLabelChars: number | undefined;
  xField: string | undefined;
  colorByField: string | undefined;
  fullHighlight: boolean;
  valuePx: number | undefined;
}

const share = (value: number | undefined, fallback: number) => Math.min(1, Math.max(0.01, value ?? fallback));

export function barChartOptions(panel: PanelModel): BarChartOptions {
  const options = panel.options ?? {};
  const maxChars = numberOption(options, "xTickLabelMaxLength");
  return {
    orientation: orientationOption(panel),
    stacking: oneOf(options.stacking, ["none", "normal", "percent"], "none"),
    showValue: oneOf(options.showValue, ["auto", "always", "never"], "auto"),
    groupWidth: share(numberOption(options, "groupWidth"), 0.7),
    barWidth: share(numberOption(options, "barWidth"), 0.97),
    barRadius: Math.min(0.5, Math.max(0, numberOption(options, "barRadius") ?? 0)),
    rotation: Math.min(90, Math.max(-90, numberOption(options, "xTickLabelRotation") ?? 0)),
    spacing: numberOption(options, "xTickLabelSpacing") ?? 0,
    maxLabelChars: maxChars !== undefined && maxChars > 0 ? maxChars : undefined,
    xField: textOption(panel, "xField"),
    colorByField: textOption(panel, "colorByField"),
    fullHighlight: options.fullHighlight === true,
    valuePx: numberOption(options.text, "valueSize"),
  };
}
