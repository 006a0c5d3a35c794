import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/tools/index.ts", "src/kombu/index.ts", "src/numpy/index.ts", "src/cli.ts"],
  format: "esm",
  dts: true,
  sourcemap: true,
  clean: true,
  target: "node20.19",
  platform: "neutral",
  fixedExtension: false,
  // Node's own modules, of the CLI and of what is loaded when asked for.
  deps: { neverBundle: [/^node:/] },
});
