import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, expect, test, vi } from "vitest";
import type { FoundProgram } from "../../api/types";
import { FoundPrograms, standing } from "./FoundPrograms";

const vllm: FoundProgram = {
  id: "vllm@127.0.0.1:8000",
  kind: "vllm",
  title: "vLLM",
  address: "127.0.0.1:8000",
  pid: 7,
  command: "vllm serve",
  watched: false,
  job: "",
};

function show(program: FoundProgram, onDecided: () => void): HTMLElement {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  const place = document.createElement("div");
  act(() => createRoot(place).render(<FoundPrograms programs={[program]} onDecided={onDecided} />));
  return place;
}

afterEach(() => vi.unstubAllGlobals());

test("what the configuration scrapes is not offered", () => {
  expect(standing({ ...vllm, job: "llm" })).toBe("scraped by job llm");
  expect(show({ ...vllm, job: "llm" }, () => {}).textContent).toBe("");
});

test("one click watches a program", async () => {
  const asked = vi.fn(async () => new Response(JSON.stringify({ id: vllm.id, watched: true }), { status: 200 }));
  vi.stubGlobal("fetch", asked);
  const decided = vi.fn();
  const button = show(vllm, decided).querySelector("button");
  expect(button?.getAttribute("aria-label")).toBe("Watch vLLM at 127.0.0.1:8000");
  await act(async () => button?.click());
  expect(decided).toHaveBeenCalledOnce();
  const [url, init] = asked.mock.calls[0] as unknown as [string, RequestInit];
  expect(url).toBe("/api/pharos/v1/found");
  expect(JSON.parse(String(init.body))).toEqual({ id: vllm.id, watch: true });
});
