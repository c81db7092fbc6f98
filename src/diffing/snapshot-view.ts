import type { CursorKind } from "../core/cursor.ts";
import type { Remembered, Snapshot, SnapshotFile } from "../core/delta.ts";
import type { SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** `k0, k1 …` of a table, prefixed when an alias is given. */
export function keyColumns(keyCount: number, alias?: string): readonly string[] {
  const prefix = alias === undefined ? "" : `${alias}.`;
  return Array.from({ length: keyCount }, (_, at) => `${prefix}k${String(at)}`);
}

/** Plain equality of the key columns of two relations. */
export function sameKey(keyCount: number, left: string, right: string): string {
  return Array.from({ length: keyCount }, (_, at) => `${left}.k${String(at)} = ${right}.k${String(at)}`).join(" AND ");
}

/**
 * SELECT of the snapshot's rows: k…, o… (the named outputs, NULL where a file does not have one), h1, h2. The base without the keys
 * that the log speaks of, and the log's last word on each of those. Folded by key: a fingerprint can come back, a key's last word cannot.
 */
export function snapshotRows(snapshot: Snapshot, outputs: readonly string[]): string {
  const { remembered } = snapshot;
  if (remembered === undefined) return storedRows(snapshot, outputs);
  const columns = [...keyColumns(snapshot.layout.keyCount), ...outputColumns(outputs), "h1", "h2"].join(", ");
  const rows = storedRows(snapshot, [...outputs, remembered.output]);
  return `SELECT ${columns} FROM (${rows}) WHERE ${isRemembered(remembered, `o${String(outputs.length)}`)}`;
}

const SQL_TYPES: Readonly<Record<CursorKind, string>> = { date: "DATE", timestamp: "TIMESTAMP", timestamp_tz: "TIMESTAMPTZ" };

/** A text that is no time that the engine knows (a year before Christ, say) is kept: forgotten, its row could be told twice. */
function isRemembered({ kind, from }: Remembered, text: SqlExpr): SqlExpr {
  const type = SQL_TYPES[kind];
  const bound = kind === "date" ? from.slice(0, 10) : kind === "timestamp" ? from.replace("Z", "") : from;
  return `coalesce(TRY_CAST(${text} AS ${type}) >= CAST(${sqlText(bound)} AS ${type}), true)`;
}

function storedRows(snapshot: Snapshot, outputs: readonly string[]): string {
  const keyCount = snapshot.layout.keyCount;
  const base =
    snapshot.base === null
      ? null
      : `SELECT ${fileColumns(snapshot.base, keyCount, outputs, "o").join(", ")} FROM ${parquet(snapshot.base)} WHERE op <> 'removed'`;
  if (snapshot.log.length === 0) return base ?? emptyRows(keyCount, outputs);
  const last = lastWords(snapshot.log, keyCount, outputs);
  const columns = [...keyColumns(keyCount), ...outputColumns(outputs), "h1", "h2"].join(", ");
  const told = `SELECT ${columns} FROM (${last}) WHERE op <> 'removed'`;
  if (base === null) return told;
  const spoken = snapshot.log.map((file) => `SELECT ${keyColumns(keyCount).join(", ")} FROM ${parquet(file)}`).join(" UNION ALL ");
  return `SELECT b.* FROM (${base}) AS b ANTI JOIN (${spoken}) AS s ON ${sameKey(keyCount, "b", "s")} UNION ALL ${told}`;
}

/** SELECT of each key of some files with what was last said of it: k…, o… (of a removed row: what stood there before), op, h1, h2. */
export function lastWords(files: readonly SnapshotFile[], keyCount: number, outputs: readonly string[]): string {
  const all = files.map((file, at) => {
    // A base and a first delta have no columns of what stood before, and no removed rows either.
    const before = file.outputs.map((_, place) => `CAST(NULL AS VARCHAR) AS p${String(place)}`).join(", ");
    const rows = `SELECT * FROM ${parquet(file)} UNION ALL BY NAME SELECT ${before} WHERE false`;
    return `SELECT ${fileColumns(file, keyCount, outputs, "said").join(", ")}, op, ${String(at)} AS seq FROM (${rows})`;
  });
  return `SELECT * EXCLUDE (seq) FROM (${all.join(" UNION ALL ")}) QUALIFY row_number() OVER (PARTITION BY ${keyColumns(keyCount).join(", ")} ORDER BY seq DESC) = 1`;
}

/** Key, outputs by name and fingerprint of a file; `said` shows of a removed row what stood there before. */
function fileColumns(file: SnapshotFile, keyCount: number, outputs: readonly string[], which: "o" | "said"): readonly string[] {
  const values = outputs.map((name, at) => {
    const place = file.outputs.indexOf(name);
    if (place < 0) return `CAST(NULL AS VARCHAR) AS o${String(at)}`;
    const after = `o${String(place)}`;
    return `${which === "o" ? after : `CASE op WHEN 'removed' THEN p${String(place)} ELSE ${after} END`} AS o${String(at)}`;
  });
  return [...keyColumns(keyCount), ...values, "h1", "h2"];
}

function parquet(file: SnapshotFile): string {
  return `read_parquet(${sqlText(file.path)})`;
}

function emptyRows(keyCount: number, outputs: readonly string[]): string {
  const texts = [...keyColumns(keyCount), ...outputColumns(outputs)].map((name) => `CAST(NULL AS VARCHAR) AS ${name}`);
  return `SELECT ${texts.join(", ")}, CAST(NULL AS UBIGINT) AS h1, CAST(NULL AS UBIGINT) AS h2 WHERE false`;
}

/** `o0, o1 …`, one per output. */
export function outputColumns(outputs: readonly unknown[], alias?: string): readonly string[] {
  const prefix = alias === undefined ? "" : `${alias}.`;
  return outputs.map((_, at) => `${prefix}o${String(at)}`);
}
