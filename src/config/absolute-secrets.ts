import { Secret } from "../core/secret.ts";

/** The same options with the files of secrets as absolute paths and their commands run in `folder`, however deep they stand. */
export function absoluteSecrets<Options>(options: Options, folder: string, resolve: (path: string) => string): Options {
  return walk(options, folder, resolve) as Options;
}

function walk(value: unknown, folder: string, resolve: (path: string) => string): unknown {
  if (typeof value !== "object" || value === null || value instanceof Secret) return value;
  if (Array.isArray(value)) return value.map((item) => walk(item, folder, resolve));
  const keys = Object.keys(value);
  if (keys.length === 1 && "file" in value && typeof value.file === "string") return { file: resolve(value.file) };
  if (keys.length === 1 && "command" in value && Array.isArray(value.command)) return { command: value.command, cwd: folder };
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, walk(below, folder, resolve)]));
}
