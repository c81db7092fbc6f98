import { defineConfig } from "vitest/config";

/** Tests of code that keeps nothing between calls: no engine, no signal, no server. They share processes, which saves loading everything anew. */
const LIGHT = ["test/core/**/*.test.ts", "test/config/**/*.test.ts", "test/repo/**/*.test.ts", "test/cli/render/**/*.test.ts"];

/** What starts programs or servers by the dozen, or plays long stories: `npm run test:long`, as CI does, so that `npm test` stays a matter of minutes. */
const LONG = [
  "test/bench/**/*.test.ts",
  "test/crash/**/*.test.ts",
  "test/kit/**/*.test.ts",
  "test/model/**/*.test.ts",
  "test/cli/{quickstart,guides,new,plan-read-only,built-program,verify,transcripts}.test.ts",
  "test/cli/{bigquery-project,deliveries,forget,json-contract,kit,schedules,several-streams,snowflake-project,state-copy}.test.ts",
  "test/diffing/delta-properties.test.ts",
  "test/files/limits.test.ts",
  "test/integration/{postgres,s3-faults,s3-state,s3-delivery,state-copy-s3,public-data,same-bytes,shared-moments}.test.ts",
  "test/s3/fault-matrix.test.ts",
  "test/story/**/*.test.ts",
  "test/sources/postgres/faults.test.ts",
  "test/sync/{adopt-any-options,checkpoint-files,copy-anywhere,files-fold,forget-crash,forget-kinds,forget-races,lost-replies}.test.ts",
  "test/sync/{forget-rows,power-loss,presets,prune-history,retire-anywhere,retire-stream,shared-moment,wide-rows}.test.ts",
];

export default defineConfig({
  test: {
    globalSetup: ["test/support/build-once.ts"],
    setupFiles: ["test/support/no-leftovers.ts"],
    projects: [
      { extends: true, test: { name: "light", include: LIGHT, isolate: false } },
      // A process per file: native engines, signals and environment of one file cannot reach the next.
      { extends: true, test: { name: "whole", include: ["test/**/*.test.ts"], exclude: [...LIGHT, ...LONG] } },
      { extends: true, test: { name: "long", include: LONG } },
    ],
    pool: "forks",
    maxWorkers: 2,
    // Long, because a test that waits for another process must not fail on a busy machine; only one that hangs does.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As src/cli/main.ts does: see there.
    env: {
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      SNOWFLAKE_DISABLE_PLATFORM_DETECTION: "true",
      SNOWFLAKE_DISABLE_MINICORE: "true",
      SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: "true",
    },
    // `.only` left behind would pass for a green suite.
    allowOnly: false,
    passWithNoTests: false,
    restoreMocks: true,
    unstubEnvs: true,
    reporters: ["default", "hanging-process"],
  },
});
