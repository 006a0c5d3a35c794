import { vi } from "vitest";
import { CONDITION_MS } from "../services/patience.js";

const PATIENCE = { timeout: CONDITION_MS, interval: 20 } as const;

/** Tries `check` again and again until it does not throw, and returns what it returns. `options`: a time limit, in ms, or more. */
export function eventually<T>(
  check: () => T | Promise<T>,
  options: number | { readonly timeout: number; readonly interval?: number } = PATIENCE,
): Promise<T> {
  return vi.waitFor(check, options);
}
