import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";

/** A table as a consumer holds it: key text → the row's other columns. */
export type Table = ReadonlyMap<string, readonly string[]>;

interface ReadManifest {
  readonly generation: number;
  readonly kind: string;
  readonly previous: { readonly generation: number; readonly sha256: string } | null;
  readonly objects: readonly {
    readonly key: string;
    readonly change: string;
    readonly size: number;
    readonly sha256: string;
    readonly rows: number;
  }[];
}

/**
 * Folds everything that a destination folder holds for a stream the way a partner would: manifests in generation order, objects in the
 * manifest's order. With `from`, it begins with that generation, which has to tell the whole table. Throws when a manifest stands without one of its objects, hashes differ, or the chain of manifests is broken.
 */
export async function consume(folder: string, stream: string, keyColumns = 1, from: number | null = null): Promise<Table> {
  const table = new Map<string, readonly string[]>();
  let previous: { generation: number; sha256: string } | null = null;
  for (const name of await manifestNames(folder, stream)) {
    const bytes = await readFile(join(folder, "_spillway", stream, name));
    const manifest = JSON.parse(bytes.toString("utf8")) as ReadManifest;
    if (from !== null && manifest.generation < from) continue;
    const starts = manifest.generation === from;
    if (starts && manifest.kind === "delta" && manifest.previous !== null) throw new Error(`${name} does not tell the whole table`);
    if (!starts && manifest.previous?.sha256 !== previous?.sha256)
      throw new Error(`manifest ${name} does not follow ${previous?.generation ?? "nothing"}`);
    if (manifest.kind === "full") table.clear();
    const told = starts && manifest.kind === "checkpoint" ? manifest.objects.filter(({ change }) => change === "full") : manifest.objects;
    for (const object of told) await applyObject(folder, object, table, keyColumns);
    previous = { generation: manifest.generation, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
  return table;
}

async function manifestNames(folder: string, stream: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, "_spillway", stream)).catch(() => []);
  return names.filter((name) => /^\d+\.json$/.test(name)).toSorted();
}

async function applyObject(
  folder: string,
  object: ReadManifest["objects"][number],
  table: Map<string, readonly string[]>,
  keyColumns: number,
): Promise<void> {
  const bytes = await readFile(join(folder, object.key));
  if (createHash("sha256").update(bytes).digest("hex") !== object.sha256) throw new Error(`${object.key} is not what its manifest says`);
  const rows = parse(bytes).slice(1);
  if (rows.length !== object.rows) throw new Error(`${object.key} has ${rows.length} rows, not ${object.rows}`);
  for (const row of rows) {
    const key = row.slice(0, keyColumns).join("\u0000");
    if (object.change === "removed") table.delete(key);
    else table.set(key, row.slice(keyColumns));
  }
}

/** All keys of a folder store, hidden folders left out, with the hash of each. */
export async function objectHashes(folder: string, below = ""): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const entry of await readdir(join(folder, below), { withFileTypes: true }).catch(() => [])) {
    if (entry.name === ".spillway") continue;
    const key = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) for (const [inner, hash] of await objectHashes(folder, key)) hashes.set(inner, hash);
    else
      hashes.set(
        key,
        createHash("sha256")
          .update(await readFile(join(folder, key)))
          .digest("hex"),
      );
  }
  return hashes;
}
