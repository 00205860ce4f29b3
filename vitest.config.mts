import { defineConfig } from "vitest/config";

// The default suite: CPU only, no Python, under five minutes on two cores.
// The slower tiers (test/kernel/conformance, test/lab) have scripts of their own; .ci/run calls them.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/lab/**", "test/kernel/conformance/**", "node_modules/**"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: "forks",
  },
});
