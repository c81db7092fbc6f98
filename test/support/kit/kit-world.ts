import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { expect } from "vitest";
import { systemClock } from "../../../src/core/clock.ts";
import { objectHashes } from "../consumer.ts";
import { say } from "../fake-host.ts";
import { memoryFolder, tempFolder, type TempFolder } from "../temp-folder.ts";
import type { LoadedRow } from "./kit-loader.ts";

/** A row of the table `people`, by its key. */
export interface Person {
  readonly name: string | null;
  readonly note: string | null;
  readonly amount: string | null;
}

/** A project that delivers a table `people` to a folder, and the copy of it that a consumer has. */
export interface KitWorld extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly people: Map<string, Person>;
  /** The consumer's copy. */
  readonly inbox: string;
  /** Folder of the kit, once made. */
  readonly kit: string;
  /** Runs a command line that has to end well. */
  say(args: readonly string[]): Promise<string>;
  /** Delivers what has changed in `people`. */
  deliver(...args: readonly string[]): Promise<void>;
  /** Keys that were delivered and are not in the consumer's copy, manifests last. */
  missing(): Promise<readonly string[]>;
  /** Brings keys into the copy; without any, all that are missing. */
  fetch(keys?: readonly string[]): Promise<void>;
  /** The rows that a loader should hold now, but for facts of the run. */
  expected(asNull?: string): readonly LoadedRow[];
}

const CONFIG = `version: 1
state: state
models: models
engine: {memory_limit: 128MB, threads: 1, temp_directory: tmp}
sources: {files: {type: duckdb}}
destinations: {out: {type: local, path: out}}
`;
const MODEL = `source: files
destination: out
query: |
  SELECT id, name, note, TRY_CAST(amount AS DECIMAL(12,2)) AS amount
  FROM read_json('people.json', columns = {id: 'VARCHAR', name: 'VARCHAR', note: 'VARCHAR', amount: 'VARCHAR'})
guards: off
`;

/** Makes such a world; `model` is what its model says beside the query. */
export async function kitWorld(model = "primary_key: [id]\n"): Promise<KitWorld> {
  const folder = await tempFolder(await memoryFolder());
  await folder.write("config.yaml", CONFIG);
  await folder.write("models/people.yaml", MODEL + model);
  const people = new Map<string, Person>();
  const inbox = folder.at("inbox");
  await mkdir(inbox);
  const command = async (args: readonly string[]): Promise<string> => {
    const { exit, stdout, stderr } = await say(args, { cwd: folder.path, clock: systemClock });
    expect({ exit, stderr: exit === 0 ? "" : stderr }).toEqual({ exit: 0, stderr: "" });
    return stdout;
  };
  const missing = async (): Promise<readonly string[]> => {
    const here = await objectHashes(inbox);
    const keys = [...(await objectHashes(folder.at("out"))).keys()].filter((key) => !here.has(key));
    return keys.toSorted((a, b) => Number(a.startsWith("_")) - Number(b.startsWith("_")) || (a < b ? -1 : 1));
  };
  return {
    folder,
    people,
    inbox,
    kit: folder.at("kit"),
    say: command,
    deliver: async (...args) => {
      const rows = [...people].map(([id, person]) => ({ id, ...person }));
      await writeFile(folder.at("people.json"), JSON.stringify(rows));
      await command(["run", "-m", "people", ...args]);
    },
    missing,
    fetch: async (keys) => {
      for (const key of keys ?? (await missing())) await cp(folder.at("out", key), folder.at("inbox", key), { force: true });
    },
    expected: (asNull) =>
      [...people].map(([id, { name, note, amount }]) => {
        const shown = (text: string | null): string | null => (text === asNull ? null : text);
        return { id, name: shown(name), note: shown(note), amount };
      }),
    [Symbol.asyncDispose]: async () => {
      await rm(inbox, { recursive: true, force: true });
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Rows as texts that compare: only the columns given, in order of their own. */
export function comparable(rows: readonly LoadedRow[], columns: readonly string[]): readonly string[] {
  return rows.map((row) => JSON.stringify(columns.map((name) => row[name] ?? null))).toSorted();
}
