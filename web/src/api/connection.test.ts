import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connection } from "./connection";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  connection.seen();
  vi.useRealTimers();
});

test("a lost server is asked with growing pauses until it is back", async () => {
  const changes: boolean[] = [];
  const unsubscribe = connection.subscribe(() => changes.push(connection.gone));
  let up = false;
  const asked: number[] = [];
  const start = Date.now();
  connection.probe = async () => {
    asked.push(Date.now() - start);
    return up;
  };
  connection.lost();
  connection.lost();
  await vi.advanceTimersByTimeAsync(8000);
  expect(asked).toEqual([1000, 3000, 7000]);
  up = true;
  await vi.advanceTimersByTimeAsync(8000);
  expect([asked.at(-1), changes, connection.gone]).toEqual([15_000, [true, false], false]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBe(4);
  unsubscribe();
});

test("any answer ends the wait", async () => {
  connection.probe = vi.fn(async () => false);
  connection.lost();
  connection.seen();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([connection.gone, vi.mocked(connection.probe).mock.calls.length]).toEqual([false, 0]);
});
