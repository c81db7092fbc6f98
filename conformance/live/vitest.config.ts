import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: "../../node_modules/.cache/spillway-conformance/vite",
  test: { include: ["*.live.ts"], pool: "forks", testTimeout: 180_000, hookTimeout: 60_000, allowOnly: false, passWithNoTests: false },
});
