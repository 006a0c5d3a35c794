import { vi } from "vitest";

/** How long a busy machine may take for what takes a moment on a quiet one. */
const PATIENCE = { timeout: 15_000, interval: 20 } as const;

/** Tries `check` again and again until it does not throw, and returns what it returns. `options`: a time limit, in ms, or more. */
export function eventually<T>(
  check: () => T | Promise<T>,
  options: number | { readonly timeout: number; readonly interval?: number } = PATIENCE,
): Promise<T> {
  return vi.waitFor(check, options);
}
