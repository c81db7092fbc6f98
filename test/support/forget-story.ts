import { writeFile } from "node:fs/promises";
import type { ObjectStore } from "../../src/core/ports.ts";
import type { Stream } from "../../src/core/types.ts";
import type { ForgetReport } from "../../src/sync/forget-report.ts";
import { type ForgetRequest, forgetRows } from "../../src/sync/forget-rows.ts";
import type { RunResult } from "../../src/sync/recorded-run.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { harness, testStream } from "./sync-harness.ts";
import type { TempFolder } from "./temp-folder.ts";

const never = new AbortController().signal;

/** Texts that nobody else has. */
export const PERSON = { id: "person-7731", mail: "anna@forgotten.example", later: "anna@renamed.example" };

/** Somebody among others, who is delivered, changed and removed, and comes back in a run that is held. */
export interface ForgetStory {
  readonly deps: SyncDeps;
  readonly stream: Stream;
  run(people: readonly (readonly [id: string, mail: string])[], deps?: SyncDeps): Promise<RunResult>;
  forget(request?: Partial<ForgetRequest>, deps?: SyncDeps): Promise<{ readonly result: RunResult; readonly report: ForgetReport }>;
}

/** Others, whose mails tell the round apart. */
export function others(round: number): readonly (readonly [string, string])[] {
  return Array.from(
    { length: 12 },
    (_, at) => [`other-${10 + at}`, `${at % 3 === round % 3 ? "new" : "old"}${round}-${at}@example.com`] as const,
  );
}

/** Begins a story in a folder; nobody has run yet. */
export function forgetStory(
  folder: TempFolder,
  options: { readonly state?: ObjectStore; readonly changes?: Partial<Stream> } = {},
): ForgetStory {
  const deps = harness({ root: folder.path, ...(options.state === undefined ? {} : { state: options.state }) });
  const sql = `SELECT * FROM read_csv('${folder.at("people.csv")}', header = true, all_varchar = true)`;
  const stream = testStream(folder.path, sql, options.changes);
  return {
    deps,
    stream,
    run: async (people, host = deps) => {
      await writeFile(folder.at("people.csv"), `id,mail\n${people.map((row) => `${row.join(",")}\n`).join("")}`);
      return await runStream(host, stream, { slot: null, fullResync: false, baseline: false }, never);
    },
    forget: async (request = {}, host = deps) =>
      await forgetRows(
        host,
        stream,
        { columns: ["id"], keys: [[PERSON.id]], by: "test", reason: null, evenIfPresent: false, ...request },
        never,
      ),
  };
}

/** Delivers the person, a change of theirs and their removal, each beside changes of others; five generations. */
export async function deliverPerson({ run }: ForgetStory): Promise<void> {
  const rounds = [[PERSON.id, PERSON.mail] as const, [PERSON.id, PERSON.mail] as const, [PERSON.id, PERSON.later] as const, null, null];
  for (const [round, person] of rounds.entries()) {
    const { error } = await run([...others(round), ...(person === null ? [] : [person])]);
    if (error !== null) throw error;
  }
}
