import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/*/index.ts"],
  format: "esm",
  dts: true,
  sourcemap: true,
  clean: true,
  target: "node20.19",
  platform: "node",
  fixedExtension: false,
  outputOptions: {
    // The declarations have what the comments say.
    comments: { jsdoc: false },
    // One file for what entries share: at import, each costs as much as ten kilobytes of code do.
    codeSplitting: { groups: [{ name: "shared", test: /redis-adapter\/src\/.*(?<!\.d)\.ts$/, minShareCount: 2 }] },
  },
  // A peer that is named in `peerDependenciesMeta` alone: the bundler would take it for code of ours.
  deps: { neverBundle: ["moleculer"] },
});
