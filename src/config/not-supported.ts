import type { ConfigFile, KeyPath, Located } from "./config-file.ts";

/** A key or value of the format that this version does not act on. */
interface NotSupported {
  /** `*` stands for any key. */
  readonly path: string;
  readonly what: string;
  /** Only values for which this holds; without it, the key itself. */
  readonly when?: (found: Located) => boolean;
}

/** Model files: shrinks as the engine grows. */
export const MODEL_NOT_SUPPORTED: readonly NotSupported[] = [
  { path: "diff_in", what: "the choice of where to compare" },
  { path: "state_schema", what: "comparing in the warehouse" },
];

/** Reports every key and value that the format knows and this version does not act on; the rest is to be checked without these paths. */
export function refuseNotSupported(file: ConfigFile, table: readonly NotSupported[]): readonly KeyPath[] {
  const paths: KeyPath[] = [];
  for (const entry of table) {
    for (const path of expand(file, entry.path.split("."))) {
      const found = file.at(path);
      if (found === null || (entry.when !== undefined && !entry.when(found))) continue;
      const key = path.at(-1);
      const shown = entry.when === undefined || found.text === null ? `"${key}"` : `"${key}: ${found.text}"`;
      file.report("CONFIG_NOT_SUPPORTED_YET", { path, at: "key" }, `${entry.what} (${shown}) is not supported yet`, "take it away");
      paths.push(path);
    }
  }
  return paths;
}

function expand(file: ConfigFile, pattern: readonly string[]): readonly KeyPath[] {
  let paths: readonly KeyPath[] = [[]];
  for (const part of pattern) {
    paths = paths.flatMap((path) => {
      const here = file.at(path);
      if (here === null) return [];
      const keys = part === "*" ? [...here.children.keys()] : [part];
      return keys.filter((key) => here.children.has(key)).map((key) => [...path, key]);
    });
  }
  return paths;
}
