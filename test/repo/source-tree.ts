import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Files of the repository, tracked or about to be, relative to its root; those that match `pattern`. */
export function filesMatching(pattern: RegExp): readonly string[] {
  const deleted = new Set(gitFiles("--deleted"));
  return [...new Set(gitFiles("--cached", "--others", "--exclude-standard"))].filter((file) => pattern.test(file) && !deleted.has(file));
}

function gitFiles(...which: readonly string[]): readonly string[] {
  // A build machine may have checked the repository out as another user.
  const args = ["-c", `safe.directory=${ROOT.replace(/\/$/, "")}`, "ls-files", "-z", ...which];
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).split("\0");
}

/** A file's text. */
export function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Everything that a piece of TypeScript imports, in whatever way: statements, types, re-exports, dynamic imports, `typeof import()`. */
export function importsOf(code: string): readonly string[] {
  const found = code.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'`])([^"'`\n]+)\1/g);
  return [...found].map((match) => match[2] ?? "");
}
