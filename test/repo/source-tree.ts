import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Files of the repository, tracked or about to be, relative to its root; those that match `pattern`. */
export function filesMatching(pattern: RegExp): readonly string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: ROOT, encoding: "utf8" });
  const deleted = new Set(execFileSync("git", ["ls-files", "--deleted", "-z"], { cwd: ROOT, encoding: "utf8" }).split("\0"));
  return [...new Set(listed.split("\0"))].filter((file) => pattern.test(file) && !deleted.has(file));
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
