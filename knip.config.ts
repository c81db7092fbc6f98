import type { KnipConfig } from "knip";

/** Declared before their first use. test/repo/dependencies.test.ts fails as soon as one of them is imported: take it off the list then. */
export const NOT_YET_USED: string[] = [];

export default {
  entry: [
    "src/cli/main.ts",
    "src/cli/commands/*.ts",
    "bench/*.ts",
    "scripts/*.ts",
    "conformance/*/main.ts",
    "conformance/*/vitest.config.ts",
    "conformance/**/*.test.ts",
    "conformance/live/*.live.ts",
    "test/**/*.test.ts",
    "test/support/*.ts",
  ],
  project: ["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts", "scripts/**/*.ts", "conformance/**/*.ts"],
  ignoreExportsUsedInFile: { interface: true, type: true },
  ignoreDependencies: NOT_YET_USED,
} satisfies KnipConfig;
