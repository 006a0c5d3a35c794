import { expect, test } from "vitest";
import { type Turn, Turns } from "./turns.js";

/** Turns that are asked for, and who has got one so far. */
function watch(turns: Turns) {
  const started = new Map<string, Turn>();
  const ask = (name: string, isAlone = false) => void turns.take(isAlone).then((turn) => started.set(name, turn));
  const running = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const lanes = [...started.values()].map(({ lane }) => lane);
    expect(new Set(lanes).size).toBe(lanes.length);
    return [...started.keys()];
  };
  const end = (name: string) => {
    started.get(name)!.end();
    started.delete(name);
  };
  return { ask, running, end };
}

test("as many files run side by side as there are lanes, each in its own", async () => {
  const { ask, running, end } = watch(new Turns(2));
  for (const name of ["a", "b", "c"]) ask(name);
  expect(await running()).toEqual(["a", "b"]);
  end("a");
  expect(await running()).toEqual(["b", "c"]);
});

test("one that runs alone waits for those before it, and those after it wait for it", async () => {
  const turns = new Turns(2);
  const { ask, running, end } = watch(turns);
  ask("a");
  ask("alone", true);
  ask("b");
  expect(await running()).toEqual(["a"]);
  expect(() => turns.requireAlone("stop Redis")).toThrow(
    "Cannot stop Redis while other test files use it: let the name of this file end with .alone.test.ts",
  );
  end("a");
  expect(await running()).toEqual(["alone"]);
  turns.requireAlone("stop Redis");
  end("alone");
  expect(await running()).toEqual(["b"]);
  end("b");
  // A program that has started the services for itself has no turn.
  turns.requireAlone("stop Redis");
});
