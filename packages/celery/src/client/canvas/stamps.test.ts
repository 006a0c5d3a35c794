/** Stamps in signatures, as Celery 5.3 and later have them there, and on the tasks of a work-flow. */
import { describe, expect, test } from "vitest";
import { startWorker } from "../../worker/worker.fixture.js";
import { optionsFromWire, optionsToWire } from "../apply-options.js";
import { chain, chord, group } from "./canvas.js";

const timeoutMs = 20_000;

describe("in a signature's options", () => {
  test("each stamp is an option of its own name, listed in stamped_headers", () => {
    const wire = optionsToWire({ queue: "q", stamps: { customer: 7, batch: ["a", "b"] } });
    expect(wire).toEqual({ queue: "q", customer: 7, batch: ["a", "b"], stamped_headers: ["customer", "batch"] });
    expect(optionsFromWire(wire)).toEqual({ queue: "q", stamps: { customer: 7, batch: ["a", "b"] } });
    expect(optionsFromWire({ stamped_headers: ["gone"], stamps: null })).toEqual({});
  });

  test("a stamp cannot take the place of an option", () => {
    expect(() => optionsToWire({ stamps: { queue: "elsewhere" } })).toThrow('"queue" is the name of an option');
  });
});

test("a name that no stamp has is not sent, and not passed on with a retry: Celery's worker would look it up", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("again", (context) => {
      if (context.retries === 0) throw context.retry({ countdown: 0 });
      return context.request.stampedHeaders;
    });
  });
  const headers = { task: "again", id: "again", stamped_headers: ["customer", "gone"], stamps: { customer: 7 } };
  await expect(app.sendTask("again", { headers })).rejects.toThrow('"gone" is no key of stamps');
  const encoded = await app.content.encode([[], {}, {}], "json");
  await app.transport.publish({ ...encoded, headers, properties: {} }, { exchange: "", routingKey: "celery" });
  expect(await app.result("again").get({ timeoutMs })).toEqual(["customer"]);
});

test("stamps reach every task of a work-flow, what is called back, and retries", async () => {
  const seen: [string, unknown][] = [];
  const { app } = await startWorker({}, (a) => {
    a.task("see", (context, ...args: unknown[]) => {
      seen.push([context.kwargs.as as string, context.stamps]);
      if (context.kwargs.as === "again" && context.retries === 0) throw context.retry({ countdown: 0.01 });
      return args.length;
    });
  });
  const see = (as: string) => app.signature("see", { kwargs: { as } });
  const flow = chain(see("first"), group(see("left"), see("again")), see("body").link(see("link"))).stamp({
    batch: "x",
  });
  const sent = await flow.applyAsync({ options: { stamps: { customer: 7 } } });
  await sent.get({ timeoutMs });
  for (const child of await sent.children()) await child.get({ timeoutMs });
  expect(new Set(seen.map(([as]) => as))).toEqual(new Set(["first", "left", "again", "body", "link"]));
  for (const [, stamps] of seen) expect(stamps).toEqual({ batch: "x", customer: 7 });
  const body = await (
    await chord([see("a")], see("b"))
      .stamp({ n: 1 })
      .delay()
  ).get({ timeoutMs });
  expect(body).toBe(1);
  expect(seen.slice(-2)).toEqual([
    ["a", { n: 1 }],
    ["b", { n: 1 }],
  ]);
});
