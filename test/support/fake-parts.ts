import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import type { Delta, Layout, Snapshot } from "../../src/core/delta.ts";
import { syncFile } from "../../src/core/durable-file.ts";
import type { Source } from "../../src/core/ports.ts";
import type { Column, FileChange } from "../../src/core/types.ts";
import type { DeltaRequest } from "../../src/diffing/delta-request.ts";
import type { Engine } from "../../src/engine/open-engine.ts";
import { buildClaim, buildManifest } from "../../src/files/manifest.ts";
import type { RunParts } from "../../src/sync/sync-deps.ts";

// The protocol's tests run hundreds of times: here a delta is JSON lines and a comparison a loop, with the same contract as the engine's.

interface Line {
  readonly op: "added" | "changed" | "removed" | "full" | "refresh";
  readonly key: string;
  readonly after: string | null;
  readonly before: string | null;
}

/** A source whose table the test changes as it likes. */
export interface FakeWarehouse {
  table: ReadonlyMap<string, string>;
  queries: number;
  /** Columns behind `name` that the query also yields, each holding its own name. */
  more?: readonly string[];
}

function columnsOf({ more = [] }: FakeWarehouse): readonly Column[] {
  return ["id", "name", ...more].map((name) => ({ name, type: "VARCHAR", kind: "text" }));
}

/** Everything of a row but its key, as one text. */
const SEPARATOR = "|";

/** A source over a table in memory. */
export function fakeSource(warehouse: FakeWarehouse): Source {
  return {
    dialect: { quoteIdentifier: (name) => `"${name}"`, quoteText: (text) => `'${text}'`, instant: (_, at) => `'${at}'` },
    describe: () => Promise.resolve(columnsOf(warehouse)),
    canonical: (_column, text) => text,
    reading: { shape: "relation", relation: () => "" },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** An engine that nobody may ask anything. */
export function noEngine(): Engine {
  const refuse = (): Promise<never> => Promise.reject(new Error("the fake parts need no engine"));
  return { run: refuse, rows: refuse, describe: refuse, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Parts of a run over a table in memory. */
export function fakeParts(warehouse: FakeWarehouse): RunParts {
  return {
    resolveMapping: (_stream, columns) => ({
      header: columns.map(({ name }, output) => ({ name, output })),
      outputs: columns.map(({ name, kind }) => ({ name, kind, ignored: false, sources: [name], expression: (column) => column(name) })),
      splits: [],
      columns,
      keyCount: 1,
      ignoredCount: 0,
      text: "as it is",
    }),
    computeDelta: async (_session, request) => {
      warehouse.queries += 1;
      const more = warehouse.more ?? [];
      return await compare(new Map([...warehouse.table].map(([key, name]) => [key, [name, ...more].join(SEPARATOR)])), request);
    },
    foldBase: async (_session, snapshot, path) => {
      const rows = await tableOf(snapshot);
      await writeLines(
        path,
        [...rows].map(([key, after]) => ({ op: "refresh", key, after, before: null })),
      );
      return { rows: BigInt(rows.size) };
    },
    writeFiles: async (_session, { delta, whole, folder, generation, mapping }) => {
      const lines = await readLines(delta.path);
      const header = mapping.header.map(({ name }) => name);
      const files: { readonly change: FileChange; readonly rows: readonly Line[] }[] = (
        ["removed", "changed", "added", "full"] as const
      ).map((change) => ({
        change,
        rows: lines.filter(({ op }) => op === change),
      }));
      if (whole !== undefined) files.push({ change: "full", rows: await readLines(whole.path) });
      return await Promise.all(
        files.filter(({ rows }) => rows.length > 0).map(({ change, rows }) => writeCsv(folder, generation, change, header, rows)),
      );
    },
    manifest: ({ plan, stream, mapping, previous }) => buildManifest({ ...plan, previous, format: stream.fileFormat, mapping }),
    doneKey: () => null,
    claim: buildClaim,
  };
}

async function writeCsv(folder: string, generation: number, change: FileChange, header: readonly string[], lines: readonly Line[]) {
  const path = join(folder, change);
  const rows = lines.map((line) => [line.key, ...((change === "removed" ? line.before : line.after)?.split(SEPARATOR) ?? [])]);
  // A row told before a column came or went has another width than the header, which says nothing about it.
  const bytes = Buffer.from(stringify([header, ...rows.map((row) => header.map((_name, at) => row[at] ?? ""))]));
  await writeFile(path, bytes);
  await syncFile(path);
  const key = `users/${String(generation).padStart(6, "0")}-${change}.csv`;
  return {
    change,
    split: {},
    part: 1,
    path,
    key,
    rows: BigInt(rows.length),
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

async function compare(current: Map<string, string>, request: DeltaRequest): Promise<Delta> {
  const { snapshot, kind } = request;
  const told = snapshot === null ? new Map<string, string>() : await tableOf(snapshot);
  const uncertain = new Map<string, string>();
  for (const file of snapshot?.uncertain ?? []) {
    for (const line of await readLines(file.path)) uncertain.set(line.key, line.after ?? line.before ?? uncertain.get(line.key) ?? "");
  }
  const whole = kind !== "delta" || snapshot === null || (snapshot.base === null && snapshot.log.length === 0) || uncertain.size > 0;
  const lines: Line[] = [];
  for (const [key, after] of current) {
    const before = told.get(key) ?? null;
    const isTold = kind === "baseline" ? false : kind !== "delta" || before !== after || uncertain.has(key);
    const op = !isTold ? "refresh" : kind !== "delta" ? "full" : before === null ? "added" : "changed";
    if (isTold || whole) lines.push({ op, key, after, before });
  }
  for (const [key, before] of new Map([...uncertain, ...told])) {
    if (!current.has(key) && kind !== "baseline" && kind !== "full") lines.push({ op: "removed", key, after: null, before });
  }
  await writeLines(request.path, lines);
  const count = (op: Line["op"]): bigint => BigInt(lines.filter((line) => line.op === op).length);
  const counts = { added: count("added"), changed: count("changed"), removed: count("removed"), full: count("full") };
  const size = BigInt(current.size);
  const unchanged = size - counts.added - counts.changed - counts.full;
  return {
    path: request.path,
    layout: layoutOf(request.projection.columns),
    counts: { ...counts, refreshed: 0n, unchanged, current: size, snapshotAfter: size },
    changedColumns: counts.changed > 0n ? [{ name: "name", rows: counts.changed }] : [],
    wholeSnapshot: whole,
  };
}

/** The table that a snapshot stands for. */
async function tableOf(snapshot: Snapshot): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for (const file of [...(snapshot.base === null ? [] : [snapshot.base]), ...snapshot.log]) {
    for (const line of await readLines(file.path)) {
      if (line.after === null) rows.delete(line.key);
      else rows.set(line.key, line.after);
    }
  }
  return rows;
}

function layoutOf(columns: readonly Column[]): Layout {
  return {
    salt: "0".repeat(32),
    canonicalVersion: 1,
    columns,
    keyCount: 1,
    ignoredCount: 0,
    outputs: columns.map(({ name, kind }) => ({ name, kind, ignored: false })),
    mapping: "as it is",
    changes: ["added", "changed", "removed"],
  };
}

async function writeLines(path: string, lines: readonly Line[]): Promise<void> {
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

async function readLines(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}
