import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/nestjs/index.ts"],
  format: "esm",
  dts: true,
  sourcemap: true,
  clean: true,
  target: "node20.19",
  platform: "node",
  fixedExtension: false,
  // The declarations have what the comments say.
  outputOptions: { comments: { jsdoc: false } },
});
