import { writeFile } from "node:fs/promises";
import { systemClock } from "../../src/core/clock.ts";
import { consume, objectHashes } from "./consumer.ts";
import { say } from "./fake-host.ts";
import { memoryFolder, tempFolder, type TempFolder } from "./temp-folder.ts";

/** A project on disk that the built program runs: a CSV file as the table, folders as destination and state root. */
export interface CliProject extends AsyncDisposable {
  readonly folder: TempFolder;
  set(table: Readonly<Record<string, string>>): Promise<void>;
  /** Runs the command line `run -m users` in this process, which saves starting another, and throws unless it ends with 0. */
  run(): Promise<void>;
  /** What a consumer of the destination holds. */
  consumed(): Promise<Readonly<Record<string, string>>>;
  /** Throws when a key holds other bytes than at an earlier look. */
  checkHistory(): Promise<void>;
}

const CONFIG = `version: 1
state: state
models: models
engine: {memory_limit: 128MB, threads: 1, temp_directory: tmp}
sources:
  files: {type: duckdb}
destinations:
  out: {type: local, path: out}
`;
const MODEL = `source: files
destination: out
query: SELECT * FROM read_csv('users.csv', header = true, all_varchar = true)
primary_key: [id]
`;

/** Makes such a project with a model `users` (id, name). */
export async function cliProject(): Promise<CliProject> {
  const folder = await tempFolder(await memoryFolder());
  await folder.write("config.yaml", CONFIG);
  await folder.write("models/users.yaml", MODEL);
  const seen = new Map<string, string>();
  return {
    folder,
    set: (table) => {
      const lines = Object.entries(table).map(([id, name]) => `${id},${name}\n`);
      return writeFile(folder.at("users.csv"), `id,name\n${lines.join("")}`);
    },
    run: async () => {
      const { exit, stderr } = await say(["run", "-m", "users"], { cwd: folder.path, clock: systemClock });
      if (exit !== 0) throw new Error(`run -m users ended with ${exit}: ${stderr}`);
    },
    consumed: async () => {
      const table = await consume(folder.at("out"), "users");
      return Object.fromEntries([...table].map(([key, columns]) => [key, columns.join()]));
    },
    checkHistory: async () => {
      for (const [key, hash] of await objectHashes(folder.at("out"))) {
        if ((seen.get(key) ?? hash) !== hash) throw new Error(`${key} holds other bytes than before`);
        seen.set(key, hash);
      }
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
