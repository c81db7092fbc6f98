import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: "../../node_modules/.cache/spillway-conformance/vite",
  test: { include: ["*.test.ts"], pool: "forks", testTimeout: 60_000, allowOnly: false, passWithNoTests: false },
});
