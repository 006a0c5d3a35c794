import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  dts: true,
  sourcemap: true,
  clean: true,
  // What worker threads are started from is a file of its own.
  copy: ["src/worker/execution/thread-entry.js"],
  target: "node20.19",
  platform: "node",
  fixedExtension: false,
  // The declarations have what the comments say.
  outputOptions: { comments: { jsdoc: false } },
});
