import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { CONDITION_MS, TEST_MS } from "./test/services/patience.js";
import { Sequencer } from "./test/services/turns/sequencer.js";

/** Unit tests see the sources; everything under `test/` sees the packages as users do, built. */
// Without Vite's own "module", which Node does not know: builds for bundlers may not run in Node (@opentelemetry/api's does not).
const conditions = ["brine-source", "node", "development|production"];
const unit = (name: string) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // A limit is for what hangs: values a million levels deep take minutes where ten programs share two cores.
  test: { name: `unit:${name}`, include: [`packages/${name}/src/**/*.test.ts`], testTimeout: 240_000 },
});

/** Node itself loads what is built, as for users, and many times faster than Vite. */
const server = { deps: { external: [/\/packages\/[^/]+\/dist\//] } };

/** Where CI wants the run's report, from which it counts. */
const report = process.env.BRINE_TEST_REPORT;

export default defineConfig({
  test: {
    // Services are waited for more than computed with.
    maxWorkers: Math.max(availableParallelism() - 1, 2),
    sequence: { sequencer: Sequencer },
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      unit("codec"),
      unit("amqp-adapter"),
      unit("redis-adapter"),
      unit("celery"),
      { test: { name: "package", server, include: ["test/package/**/*.test.ts"], testTimeout: TEST_MS } },
      { test: { name: "conformance", server, include: ["test/conformance/**/*.test.ts"], testTimeout: 240_000 } },
      {
        test: {
          name: "interop",
          server,
          include: ["test/interop/**/*.test.ts", "test/services/**/*.test.ts"],
          globalSetup: ["test/services/global-setup.ts"],
          // Two or more at a time, but for those named *.alone.test.ts.
          setupFiles: ["test/services/setup.ts"],
          // On a shared machine a broker's answer can be late; by hand, a late answer is for somebody to look at.
          retry: process.env.CI === undefined && process.env.BRINE_FAIL_FIRST_TRY === undefined ? 0 : 1,
          testTimeout: TEST_MS,
          hookTimeout: 300_000,
          expect: { poll: { timeout: CONDITION_MS } },
        },
      },
    ],
  },
});
