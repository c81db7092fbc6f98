import { Secret } from "../core/secret.ts";
import type { PathBase } from "./adapters.ts";

/** The same options with the files of secrets as absolute paths and their commands run in the base's folder, however deep they stand. */
export function absoluteSecrets<Options>(options: Options, base: PathBase): Options {
  // Only paths change, so the shape stays what the schema made it.
  return walk(options, base) as Options;
}

function walk(value: unknown, base: PathBase): unknown {
  if (typeof value !== "object" || value === null || value instanceof Secret) return value;
  if (Array.isArray(value)) return value.map((item) => walk(item, base));
  const keys = Object.keys(value);
  if (keys.length === 1 && "file" in value && typeof value.file === "string") return { file: base.resolve(value.file) };
  if (keys.length === 1 && "command" in value && Array.isArray(value.command)) return { command: value.command, cwd: base.folder };
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, walk(below, base)]));
}
