import { defineConfig } from "tsdown";

/** What `tools` needs as well: the wire format, text and errors. */
const WIRE =
  /codec\/src\/(bytes\/.*|options\/(check|nearest|option-names)|coded-error|errors|limits|pickle\/(opcodes|text|text-encode|fix-imports|fix-imports-data)|python\/(str-repr|numbers\/numbers|objects\/objects|containers\/sequences))(?<!\.d)\.ts$/;

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/tools/index.ts",
    "src/kombu/index.ts",
    "src/numpy/index.ts",
    "src/coded-error.ts",
    "src/options/index.ts",
    "src/cli.ts",
  ],
  format: "esm",
  dts: true,
  sourcemap: true,
  clean: true,
  target: "node20.19",
  platform: "neutral",
  fixedExtension: false,
  // Few files: at import, each costs about a millisecond. `tools` must not load what can construct. Declarations are left
  // out: in one file with the code, their names would collide with it.
  outputOptions: {
    // The declarations have what the comments say.
    comments: { jsdoc: false },
    codeSplitting: {
      groups: [
        { name: "wire", test: WIRE, priority: 2 },
        { name: "core", test: /codec\/src\/(globals|pickle|python|stdlib)\/.*(?<!\.d)\.ts$/, priority: 1 },
      ],
    },
  },
  // Node's own modules, of the CLI and of what is loaded when asked for.
  deps: { neverBundle: [/^node:/] },
});
