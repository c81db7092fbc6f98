import type { Snapshot } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import type { Source, SqlSession } from "../core/ports.ts";
import type { Projection } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import type { DeltaRequest } from "./delta-request.ts";
import { keyColumns, sameKey, snapshotRows } from "./snapshot-view.ts";

/** Whose keys, and how its source quotes them. */
interface Keyed {
  readonly projection: Projection;
  readonly source: Pick<Source, "dialect">;
}

/** The refusal of a result in which some key stands more than once; `rows` of them are too many. */
export function duplicateKeys(request: Keyed, rows: bigint): SyncError {
  const keys = keyNames(request);
  const list = keys.join(", ");
  return new SyncError("DATA_KEY_DUPLICATE", `${String(rows)} rows have a primary key (${list}) that another row of the result has too.`, {
    hint: `See them:\nSELECT ${list}, count(*) FROM (\n${request.projection.query}\n) AS model GROUP BY ${list} HAVING count(*) > 1`,
    context: { rows: String(rows) },
  });
}

function nullKeys(request: Keyed, rows: bigint): SyncError {
  const keys = keyNames(request);
  const condition = keys.map((name) => `${name} IS NULL`).join(" OR ");
  return new SyncError("DATA_KEY_NULL", `${String(rows)} rows have no primary key: NULL in ${keys.join(" or ")}.`, {
    hint: `See them:\nSELECT * FROM (\n${request.projection.query}\n) AS model WHERE ${condition}`,
    context: { rows: String(rows) },
  });
}

function keyNames(request: Keyed): readonly string[] {
  const { quoteIdentifier } = request.source.dialect;
  return request.projection.columns.slice(0, request.projection.keyCount).map((column) => quoteIdentifier(column.name));
}

/** Refuses a delta file with torn rows, NULL keys or a key that stands twice. The file is sorted by key, so neighbours tell. */
export async function checkDeltaKeys(session: SqlSession, request: DeltaRequest, signal: AbortSignal): Promise<void> {
  const keys = keyColumns(request.projection.keyCount);
  const same = keys.map((key) => `${key} = lag(${key}) OVER ()`).join(" AND ");
  const someNull = keys.map((key) => `${key} IS NULL`).join(" OR ");
  const [row] = await session.rows(
    `SELECT count(*) FILTER (torn), count(*) FILTER (no_key), count(*) FILTER (twice) FROM (SELECT op = 'torn' AS torn, ${someNull} AS no_key, ${same} AS twice FROM read_parquet(${sqlText(request.path)}))`,
    signal,
  );
  const [torn, withoutKey, twice] = (row ?? []).map((count) => BigInt(count ?? "0"));
  if (torn !== undefined && torn > 0n) {
    throw new SyncError(
      "SOURCE_TRUNCATED",
      `${String(torn)} rows arrived torn: they do not have the columns that were asked for. Nothing was delivered.`,
      {
        hint: "Run again; the snapshot is as it was.",
        retry: "transient",
      },
    );
  }
  if (withoutKey !== undefined && withoutKey > 0n) throw nullKeys(request, withoutKey);
  if (twice !== undefined && twice > 0n) throw duplicateKeys(request, twice);
}

/**
 * Refuses added rows whose key the snapshot holds already: they are duplicates of a row that did not change. (Snapshot rows that
 * could have changed were compared with them, so any that is left is an unchanged twin.)
 */
export async function checkAddedKeys(session: SqlSession, request: DeltaRequest, snapshot: Snapshot, signal: AbortSignal): Promise<void> {
  const { keyCount } = request.projection;
  const keys = keyColumns(keyCount).join(", ");
  const [row] = await session.rows(
    `SELECT count(*) FROM (SELECT ${keys} FROM (${snapshotRows(snapshot, [])})) AS s SEMI JOIN (SELECT ${keys} FROM read_parquet(${sqlText(request.path)}) WHERE op = 'added') AS d ON ${sameKey(keyCount, "s", "d")}`,
    signal,
  );
  const twins = BigInt(row?.[0] ?? "0");
  if (twins > 0n) throw duplicateKeys(request, twins);
}
