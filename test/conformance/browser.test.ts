/** The codec as it is published, in a browser: no bundler, no Buffer, no Node. */
import path from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../package/sources.js";
import { findChromium, runPage } from "./browser-page.js";

const chromium = findChromium();

/** Runs in the page: decodes every vector, compares its repr, writes it at every protocol and reads it again. */
const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
const outcome = { userAgent: navigator.userAgent, hasBuffer: "Buffer" in globalThis, pickles: 0, failures: [] };
addEventListener("error", (event) => fetch("/result", { method: "POST", body: JSON.stringify({ error: event.message }) }));
try {
  const codec = await import("/codec/index.js");
  const tools = await import("/codec/tools/index.js");
  const { pickles } = await (await fetch("/vectors/opcodes.json")).json();
  const registry = new codec.ClassRegistry();
  registry.registerExtension("builtins", "complex", 1);
  registry.registerExtension("collections", "OrderedDict", 300);
  registry.registerExtension("decimal", "Decimal", 70000);
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const ascii = (text) => new TextEncoder().encode(text);
  const decode = (pickle) => codec.loads(pickle, {
    registry, encoding: "latin1", float: "exact", dict: "map",
    persistentLoad: (id) => codec.Tuple.of("persistent", id),
    buffers: [ascii("out of band"), ascii("writable")],
  });
  for (const { data, repr } of pickles) {
    outcome.pickles++;
    const wanted = repr.replace("bytearray(b'writable')", "b'writable'");
    try {
      const value = decode(bytes(data));
      if (codec.repr(value) !== wanted) throw new Error("is " + codec.repr(value));
      tools.dis(tools.optimize(bytes(data)));
      tools.scan(bytes(data));
      for (let protocol = 0; protocol <= 5; protocol++) {
        const again = codec.repr(decode(codec.dumps(value, { protocol, registry })));
        if (again !== wanted) throw new Error("is again " + again + " at protocol " + protocol);
      }
    } catch (error) {
      outcome.failures.push(wanted.slice(0, 80) + ": " + error);
    }
  }
} catch (error) {
  outcome.failures.push(String(error && error.stack || error));
}
await fetch("/result", { method: "POST", body: JSON.stringify(outcome) });
</script>`;

it("the codec decodes and encodes every vector in Chromium", { timeout: 180_000 }, async (context) => {
  if (chromium === undefined) return context.skip("no Chromium is installed here: apt-get install chromium");
  const outcome = await runPage(
    chromium,
    PAGE,
    { codec: path.join(ROOT, "packages/codec/dist"), vectors: path.join(ROOT, "test/vectors") },
    150_000,
  );
  expect(outcome).toMatchObject({ failures: [], hasBuffer: false });
  expect((outcome as { readonly pickles: number }).pickles).toBeGreaterThan(200);
});
