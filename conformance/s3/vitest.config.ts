import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  test: { include: ["*.test.ts"], pool: "forks", testTimeout: 60_000, allowOnly: false, passWithNoTests: false },
});
