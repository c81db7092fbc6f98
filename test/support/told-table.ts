import { join } from "node:path";
import type { Delta, MappedOutput, Snapshot } from "../../src/core/delta.ts";
import type { Source, SqlSession } from "../../src/core/ports.ts";
import type { ChangeKind, Column } from "../../src/core/types.ts";
import { computeDelta } from "../../src/diffing/compute-delta.ts";
import type { DeltaKind } from "../../src/diffing/delta-request.ts";
import { foldBase } from "../../src/diffing/fold-base.ts";
import { snapshotRows } from "../../src/diffing/snapshot-view.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";

const never = new AbortController().signal;

interface Options {
  readonly folder: string;
  readonly keyCount?: number;
  readonly ignored?: readonly string[];
  readonly changes?: readonly ChangeKind[];
  /** An engine to share; without one the table opens its own. */
  readonly engine?: Engine;
  readonly limits?: { readonly memoryLimit: string; readonly threads: number };
}

/** A row of a delta file, as text. */
export interface ToldRow {
  readonly op: string;
  readonly key: readonly (string | null)[];
  readonly after: readonly (string | null)[];
  readonly before: readonly (string | null)[];
}

/** The state of one stream without a protocol: deltas are promoted the moment they are computed. */
export class ToldTable implements AsyncDisposable {
  snapshot: Snapshot | null = null;
  readonly engine: Engine;
  readonly #options: Options;
  #generation = 0;

  private constructor(engine: Engine, options: Options) {
    this.engine = engine;
    this.#options = options;
  }

  static async open(options: Options): Promise<ToldTable> {
    const limits = { memoryLimit: "500MB", threads: 2, ...options.limits, tempDirectory: join(options.folder, "tmp"), maxTempSize: "5GB" };
    return new ToldTable(options.engine ?? (await openEngine(limits, never)), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.engine === undefined) await this.engine[Symbol.asyncDispose]();
  }

  /** Compares a source's result with the snapshot; every column is an output of its own name. */
  async compare(source: Source, kind: DeltaKind = "delta", changes = this.#options.changes): Promise<Delta> {
    this.#generation += 1;
    const columns = await source.describe("SELECT 1", never);
    const { keyCount = 1, ignored = [] } = this.#options;
    const compared = columns.filter(({ name }) => !ignored.includes(name));
    const last = columns.filter(({ name }) => ignored.includes(name));
    return await computeDelta(
      this.engine,
      {
        source,
        projection: { query: "SELECT 1", columns: [...compared, ...last], keyCount, ignoredCount: last.length },
        outputs: columns.map((column) => identity(column, ignored)),
        mappingText: "identity",
        snapshot: this.snapshot,
        changes: changes ?? ["added", "changed", "removed"],
        kind,
        path: join(this.#options.folder, `delta-${String(this.#generation)}.parquet`),
        scratch: this.#options.folder,
      },
      never,
    );
  }

  /** Takes a delta as delivered. */
  promote(delta: Delta): void {
    const file = { path: delta.path, outputs: delta.layout.outputs.map(({ name }) => name) };
    const base = delta.wholeSnapshot ? file : (this.snapshot?.base ?? null);
    const log = delta.wholeSnapshot ? [] : [...(this.snapshot?.log ?? []), file];
    this.snapshot = { layout: delta.layout, base, log, uncertain: [], rows: delta.counts.snapshotAfter };
  }

  async tell(source: Source, kind: DeltaKind = "delta"): Promise<Delta> {
    const delta = await this.compare(source, kind);
    this.promote(delta);
    return delta;
  }

  /** Folds base and log into a new base. */
  async fold(): Promise<void> {
    if (this.snapshot === null) return;
    const path = join(this.#options.folder, `base-${String(this.#generation)}.parquet`);
    await foldBase(this.engine, this.snapshot, path, never);
    this.snapshot = { ...this.snapshot, base: { path, outputs: this.snapshot.layout.outputs.map(({ name }) => name) }, log: [] };
  }

  /** The snapshot's outputs, sorted as text. */
  async rows(): Promise<readonly (readonly (string | null)[])[]> {
    if (this.snapshot === null) return [];
    const outputs = this.snapshot.layout.outputs.map(({ name }) => name);
    const columns = outputs.map((_, at) => `o${String(at)}`);
    return sortRows(await exactRows(this.engine, columns, `(${snapshotRows(this.snapshot, outputs)})`));
  }
}

/** Texts as they are: a letter goes before each, because the driver's decoder drops a byte order mark at the start of a text. */
async function exactRows(session: SqlSession, columns: readonly string[], from: string): Promise<readonly (readonly (string | null)[])[]> {
  const rows = await session.rows(`SELECT ${columns.map((name) => `'x' || ${name}`).join(", ")} FROM ${from}`, never);
  return rows.map((row) => row.map((value) => value?.slice(1) ?? null));
}

/** The rows of a delta file in their order. */
export async function toldRows(session: SqlSession, delta: Delta): Promise<readonly ToldRow[]> {
  const outputs = delta.layout.outputs.map((_, at) => String(at));
  const keys = Array.from({ length: delta.layout.keyCount }, (_, at) => `k${String(at)}`);
  const columns = ["op", ...keys, ...outputs.map((at) => `o${at}`), ...outputs.map((at) => `p${at}`)];
  const before = outputs.map((at) => `CAST(NULL AS VARCHAR) AS p${at}`).join(", ");
  const rows = await exactRows(
    session,
    columns,
    `(SELECT * FROM read_parquet(${sqlText(delta.path)}) UNION ALL BY NAME SELECT ${before} WHERE false)`,
  );
  const afterAt = 1 + keys.length;
  return rows.map((row) => ({
    op: row[0] ?? "",
    key: row.slice(1, afterAt),
    after: row.slice(afterAt, afterAt + outputs.length),
    before: row.slice(afterAt + outputs.length),
  }));
}

/** Rows in an order of their own content. */
export function sortRows(rows: readonly (readonly (string | null)[])[]): readonly (readonly (string | null)[])[] {
  return rows.map((row) => [...row]).toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

function identity(column: Column, ignored: readonly string[]): MappedOutput {
  return {
    name: column.name,
    kind: column.kind,
    ignored: ignored.includes(column.name),
    sources: [column.name],
    expression: (text) => text(column.name),
  };
}
