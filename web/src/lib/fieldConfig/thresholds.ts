/** Threshold scales. */

import { FALLBACK_COLOR } from "../colors";
import type { Field, ThresholdStep, Thresholds } from "../dataFrame";

const FALLBACK: ThresholdStep = { value: 0, color: FALLBACK_COLOR };

/** Steps in rising order; the base step, however it is written, comes first. */
export function sortedSteps(steps: readonly ThresholdStep[] | undefined): ThresholdStep[] {
  const bound = (step: ThresholdStep) => step.value ?? Number.NEGATIVE_INFINITY;
  return [...(steps ?? [])].sort((a, b) => bound(a) - bound(b));
}

/** The last step that the value reaches. */
export function activeStep(value: number, steps: readonly ThresholdStep[] | undefined): ThresholdStep {
  let active = steps?.[0] ?? FALLBACK;
  for (const step of steps ?? []) {
    if (value >= (step.value ?? Number.NEGATIVE_INFINITY)) {
      active = step;
    } else {
      break;
    }
  }
  return active;
}

/** `percent` (0 to 1) is the value's place between the field's min and max. */
export function thresholdFor(thresholds: Thresholds | undefined, value: number, percent: number): ThresholdStep {
  return activeStep(thresholds?.mode === "percentage" ? percent * 100 : value, thresholds?.steps);
}

/** The steps in the field's own unit, percentages turned into values. */
export function absoluteSteps(field: Field, min: number, max: number): { value: number; color: string }[] {
  const { thresholds } = field.config;
  const percentage = thresholds?.mode === "percentage";
  return (thresholds?.steps ?? []).map(({ value, color }) => {
    if (value === null || value === undefined) {
      return { value: Number.NEGATIVE_INFINITY, color };
    }
    return { value: percentage ? min + ((max - min) * value) / 100 : value, color };
  });
}
