/** Own transformations beside the reference implementation: for tests, never shipped. */

import type { DataFrame as ReferenceFrame } from "@grafana/data";
import { expect } from "vitest";
import { type DataFrame, type Field, frameOf, type Labels } from "../lib/dataFrame";
import { fieldDisplayName } from "../lib/fieldConfig/displayName";
import { grafana } from "../lib/oracle";
import { applyTransformations, type TransformationStep } from "./registry";

const { getFieldDisplayName, standardTransformers, standardTransformersRegistry, transformDataFrame } = grafana;

standardTransformersRegistry.setInit(
  () =>
    [...new Map(Object.values(standardTransformers).map((entry) => [entry.id, entry])).values()].map(
      (transformation) => ({
        id: transformation.id,
        aliasIds: transformation.aliasIds,
        name: transformation.name,
        transformation: () => Promise.resolve(transformation),
        editor: () => null,
        imageDark: "",
        imageLight: "",
      }),
    ) as never,
);

export const time = (values: number[]): Field => ({ name: "Time", type: "time", config: {}, values });

export function series(
  name: string,
  labels: Labels,
  times: number[],
  values: (number | null)[],
  refId = "A",
): DataFrame {
  const value: Field = { name: "Value", type: "number", labels, config: { displayNameFromDS: name }, values };
  return frameOf([time(times), value], { name, refId });
}

export function table(refId: string, columns: Record<string, unknown[]>): DataFrame {
  const fields = Object.entries(columns).map(
    ([name, values]): Field => ({
      name,
      type: name === "Time" ? "time" : typeof values[0] === "number" ? "number" : "string",
      config: {},
      values,
    }),
  );
  return frameOf(fields, { refId });
}

export function plain(frames: DataFrame[]) {
  return frames.map((frame) => ({
    length: frame.length,
    refId: frame.refId,
    fields: frame.fields.map((field) => ({
      name: fieldDisplayName(field, frame, frames),
      type: field.type,
      values: field.values.map((value) => (Number.isNaN(value) ? "NaN" : (value ?? null))),
    })),
  }));
}

function referencePlain(frames: ReferenceFrame[]) {
  // Names that a step left behind belong to the frames of that step.
  for (const field of frames.flatMap((frame) => frame.fields)) {
    field.state = undefined;
  }
  return frames.map((frame) => ({
    length: frame.length,
    refId: frame.refId,
    fields: frame.fields.map((field) => ({
      name: getFieldDisplayName(field, frame, frames),
      type: field.type,
      values: [...field.values].map((value) => (Number.isNaN(value) ? "NaN" : (value ?? null))),
    })),
  }));
}

/** Runs the steps in both and expects the same frames. */
export async function check(make: () => DataFrame[], ...steps: TransformationStep[]) {
  const transformed = transformDataFrame(structuredClone(steps) as never, make() as unknown as ReferenceFrame[], {
    interpolate: (text: string) => text,
  });
  const reference = await new Promise<ReferenceFrame[]>((resolve, reject) => {
    transformed.subscribe({ next: resolve, error: reject });
  });
  const own = applyTransformations(make(), steps);
  expect(own.unknown).toEqual([]);
  expect(plain(own.frames)).toEqual(referencePlain(reference));
}

export const step = (id: string, options: Record<string, unknown> = {}): TransformationStep => ({ id, options });
