import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { Cursor } from "../../src/core/cursor.ts";
import type { SourceSpec, Stream } from "../../src/core/types.ts";
import { readCurrent } from "../../src/state/current.ts";
import type { Current } from "../../src/state/documents.ts";
import type { RunResult } from "../../src/sync/recorded-run.ts";
import { runStream, type RunStreamOptions } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { harness, testStream } from "./sync-harness.ts";
import { memoryFolder, tempFolder, type TempFolder } from "./temp-folder.ts";

const never = new AbortController().signal;

/** A minute of lag, an hour of overlap, from 2026 on. */
export const CURSOR: Cursor = { column: "seen", start: "2026-01-01T00:00:00.000Z", lagMs: 60_000, overlapMs: 3_600_000 };

/** What has arrived in an event table: id → time of 2026-01-01, or a whole instant. */
export type Arrived = Readonly<Record<string, string>>;

/** A stream of events whose clock the test sets. */
export interface EventTable extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly deps: SyncDeps;
  /** The stream over these events. */
  stream(events: Arrived, changes?: Partial<Stream>): Stream;
  setClock(now: string): void;
  run(now: string, events: Arrived, options?: Partial<RunStreamOptions>, changes?: Partial<Stream>): Promise<RunResult>;
  /** Ids that a consumer of manifests was told, one a telling, in the order of the generations; behind a full one, those since. */
  told(): Promise<readonly string[]>;
  current(): Promise<Current | null>;
}

interface Options {
  /** Of the cursor's column, as both DuckDB and Postgres spell it. */
  readonly type?: "timestamptz" | "timestamp" | "date";
  readonly source?: SourceSpec;
  readonly stream?: Partial<Stream>;
}

/** Makes an event table on folders of its own. */
export async function eventTable({ type = "timestamptz", source, stream: given = {} }: Options = {}): Promise<EventTable> {
  const folder = await tempFolder(await memoryFolder());
  let time = "2026-01-01T00:00:00Z";
  const deps: SyncDeps = { ...harness({ root: folder.path }), clock: { now: () => new Date(time) } };
  const stream: EventTable["stream"] = (events, changes = {}) =>
    testStream(folder.path, eventQuery(events, type), {
      mode: "append",
      cursor: CURSOR,
      changes: ["added"],
      columns: [{ name: "Id", value: { from: "column", column: "id" } }],
      ...(source === undefined ? {} : { source }),
      ...given,
      ...changes,
    });
  const setClock = (now: string): void => {
    time = `${instant(now).replace(" ", "T")}Z`;
  };
  return {
    folder,
    deps,
    stream,
    setClock,
    run: async (now, events, options = {}, changes = {}) => {
      setClock(now);
      return await runStream(deps, stream(events, changes), { slot: null, fullResync: false, baseline: false, ...options }, never);
    },
    told: async () => await toldIds(folder.at("out")),
    current: async () => await readCurrent(deps.state, "users", never),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function instant(text: string): string {
  const whole = text.includes("-") ? text : `2026-01-01 ${text}`;
  return /:\d\d:/u.test(whole) ? whole : `${whole}:00`;
}

function eventQuery(events: Arrived, type: string): string {
  const zone = type === "timestamptz" ? "+00" : "";
  const rows = Object.entries(events).map(([id, at]) => `('${id}', CAST('${instant(at)}${zone}' AS ${type}))`);
  const values = rows.length === 0 ? `('', CAST(NULL AS ${type}))` : rows.join(", ");
  return `SELECT * FROM (VALUES ${values}) AS t(id, seen)${rows.length === 0 ? " WHERE false" : ""}`;
}

async function toldIds(out: string): Promise<readonly string[]> {
  let ids: string[] = [];
  const folder = join(out, "_spillway/users");
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => /^\d+\.json$/u.test(each)).toSorted()) {
    const manifest = JSON.parse(await readFile(join(folder, name), "utf8")) as { kind: string; objects: { key: string; change: string }[] };
    if (manifest.kind === "full") ids = [];
    for (const { key, change } of manifest.objects) {
      if (change !== "added" && change !== "full") throw new Error(`${key} tells of ${change} events`);
      ids.push(
        ...parse(await readFile(join(out, key), "utf8"))
          .slice(1)
          .map(([id]) => String(id)),
      );
    }
  }
  return ids;
}
