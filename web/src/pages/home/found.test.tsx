import { fireEvent, render, screen, waitFor } from "@testing-library/react";
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

afterEach(() => vi.unstubAllGlobals());

test("what the configuration scrapes is not offered", () => {
  expect(standing({ ...vllm, job: "llm" })).toBe("scraped by job llm");
  const { container } = render(<FoundPrograms programs={[{ ...vllm, job: "llm" }]} onDecided={() => {}} />);
  expect(container.textContent).toBe("");
});

test("one click watches a program", async () => {
  const asked = vi.fn(async () => new Response(JSON.stringify({ id: vllm.id, watched: true }), { status: 200 }));
  vi.stubGlobal("fetch", asked);
  const decided = vi.fn();
  render(<FoundPrograms programs={[vllm]} onDecided={decided} />);
  fireEvent.click(screen.getByRole("button", { name: "Watch vLLM at 127.0.0.1:8000" }));
  await waitFor(() => expect(decided).toHaveBeenCalledOnce());
  const [url, init] = asked.mock.calls[0] as unknown as [string, RequestInit];
  expect(url).toContain("/api/pharos/v1/found");
  expect(JSON.parse(String(init.body))).toEqual({ id: vllm.id, watch: true });
});
