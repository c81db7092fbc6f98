import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Source } from "../../src/core/ports.ts";
import type { Projection, Stream } from "../../src/core/types.ts";
import type { RunRecord } from "../../src/state/documents.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { consume } from "./consumer.ts";
import { columnsOf, rowTextSource, type Text } from "./row-text-source.ts";
import { harness, testStream } from "./sync-harness.ts";
import { memoryFolder, tempFolder, type TempFolder } from "./temp-folder.ts";

/** A warehouse whose table a test changes, and that counts what is asked of it. */
export interface CountedWarehouse {
  rows: readonly (readonly Text[])[];
  /** Columns of each extraction, in the order in which they were asked for. */
  readonly extractions: string[][];
  /** Moments that are kept, by token. */
  readonly held: Map<string, readonly (readonly Text[])[]>;
  /** How many moments were kept so far. */
  moments: number;
  /** Called before rows are sent; what it throws is the extraction's failure. */
  onExtract: (projection: Projection) => Promise<void>;
}

/** Deliveries of one model, on a warehouse that sends row text and that keeps moments if asked to be so. */
export interface SharedWorld extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly warehouse: CountedWarehouse;
  readonly deps: SyncDeps;
  delivery(name: string, changes?: Partial<Stream>): Stream;
  /** The table that a delivery's consumer holds. */
  held(name: string): Promise<Readonly<Record<string, readonly string[]>>>;
  /** What lies on this machine for several readers. */
  kept(): Promise<readonly string[]>;
}

const COLUMNS = columnsOf({ id: "integer", name: "text", tier: "text" });

/** Makes such a world. */
export async function sharedWorld({ keepsMoments }: { readonly keepsMoments: boolean }): Promise<SharedWorld> {
  const folder = await tempFolder(await memoryFolder());
  const warehouse: CountedWarehouse = { rows: [], extractions: [], held: new Map(), moments: 0, onExtract: () => Promise.resolve() };
  const deps: SyncDeps = {
    ...harness({ root: folder.path }),
    openSource: () => Promise.resolve(countedSource(warehouse, keepsMoments)),
  };
  return {
    folder,
    warehouse,
    deps,
    delivery: (name, changes = {}) => ({
      ...testStream(folder.path, "SELECT * FROM users", { name: `users.${name}`, model: "users", delivery: name, ...changes }),
      destination: { name, type: "local", options: { type: "local", path: join(folder.path, name) } },
    }),
    held: async (name) => Object.fromEntries(await consume(folder.at(name), `users.${name}`)),
    kept: async () => (await readdir(folder.at("scratch"))).filter((file) => file.startsWith("shared-")),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function countedSource(warehouse: CountedWarehouse, keepsMoments: boolean): Source {
  let entered: string | null = null;
  const plain = rowTextSource(COLUMNS, []);
  return {
    ...plain,
    ...(keepsMoments
      ? {
          moments: {
            hold: async () => {
              const token = `moment-${String((warehouse.moments += 1))}`;
              warehouse.held.set(token, warehouse.rows);
              return await Promise.resolve({
                token,
                [Symbol.asyncDispose]: async () => void (await Promise.resolve(warehouse.held.delete(token))),
              });
            },
            enter: (token: string) => {
              entered = token;
            },
          },
        }
      : {}),
    reading: {
      shape: "row_text",
      // As Postgres does, which keeps moments.
      marks: keepsMoments,
      extract: async (projection, sink, signal) => {
        warehouse.extractions.push(projection.columns.map(({ name }) => name));
        await warehouse.onExtract(projection);
        const rows = entered === null ? warehouse.rows : warehouse.held.get(entered);
        if (rows === undefined) throw new Error(`nobody keeps ${String(entered)}`);
        const { reading } = rowTextSource(COLUMNS, rows);
        if (reading.shape !== "row_text") throw new Error("not a row text source");
        return await reading.extract(projection, sink, signal);
      },
    },
  };
}

/** What runs say of where their rows come from: `moment/extraction`, by the streams whose runs those are. */
export function readings(records: readonly RunRecord[]): readonly string[] {
  const streamOf = (run: string): string => records.find((record) => record.run === run)?.stream ?? run;
  return records.map(({ reading }) => (reading === undefined ? "alone" : `${streamOf(reading.moment)}/${streamOf(reading.extraction)}`));
}
