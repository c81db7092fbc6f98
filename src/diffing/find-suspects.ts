import type { Layout, Snapshot } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import { ENGINE_SCHEMA } from "../engine/open-engine.ts";
import { withoutOptimizers } from "../engine/without-optimizers.ts";
import type { CurrentRows } from "./current-rows.ts";
import type { DeltaRequest } from "./delta-request.ts";
import { duplicateKeys } from "./key-checks.ts";
import { readCurrent, type ReadRows } from "./read-current.ts";
import { keyColumns, outputColumns, snapshotRows } from "./snapshot-view.ts";

/** Rows on either side that the other side's fingerprints lack: payload, h1, h2 of a current row, or g1, g2 of a snapshot row. */
export const UNMATCHED = `${ENGINE_SCHEMA}.unmatched`;
/** The snapshot's rows that no current row matched, with those that left untold: k…, o…, h1, h2. */
export const OLD_SUSPECTS = `${ENGINE_SCHEMA}.old_suspects`;

/**
 * Finds what may have changed by one streaming outer join on the fingerprint alone, the snapshot's fingerprints being the side
 * that is held in memory, and checks the conservation law: rows read − rows unmatched = snapshot rows − rows unmatched.
 */
export async function findSuspects(
  session: SqlSession,
  request: DeltaRequest,
  snapshot: Snapshot,
  layout: Layout,
  signal: AbortSignal,
): Promise<ReadRows> {
  const told = `SELECT h1, h2 FROM (${snapshotRows(snapshot, [])}) WHERE h1 IS NOT NULL`;
  const read = await readCurrent(
    session,
    request,
    layout,
    async (rows, both) => {
      await withoutOptimizers(session, buildSideOptimizers(request), async () => {
        await session.run(joinSql(rows, told), both);
      });
    },
    signal,
  );
  const found = await checkConservation(session, request, snapshot, read.count, signal);
  const outputs = request.outputs.map((output) => output.name);
  const columns = [...keyColumns(layout.keyCount), ...outputColumns(outputs), "h1", "h2"].join(", ");
  const select = `SELECT ${columns} FROM (${snapshotRows(snapshot, outputs)}) AS s`;
  // Every column of the snapshot is read here, so not for nothing.
  const parts = [
    found.unmatched ? `${select} SEMI JOIN ${UNMATCHED} AS u ON s.h1 = u.g1 AND s.h2 = u.g2` : null,
    found.untold ? `${select} WHERE h1 IS NULL` : null,
  ].filter((part) => part !== null);
  const none = snapshotRows({ ...snapshot, base: null, log: [] }, outputs);
  await session.run(`CREATE OR REPLACE TABLE ${OLD_SUSPECTS} AS ${parts.join(" UNION ALL ") || none}`, signal);
  return read;
}

function joinSql(rows: CurrentRows, told: string): string {
  const payload = rows.payload.map((name) => `n.${name}`).join(", ");
  return `CREATE OR REPLACE TABLE ${UNMATCHED} AS SELECT ${payload}, n.h1, n.h2, s.h1 AS g1, s.h2 AS g2 FROM (${rows.select}) AS n FULL OUTER JOIN (${told}) AS s ON n.h1 = s.h1 AND n.h2 = s.h2 WHERE n.h1 IS NULL OR s.h1 IS NULL`;
}

/**
 * Keeps DuckDB from swapping the sides of the join, which would hold the whole current result. A relation is left to the
 * optimizer: its query may have joins of its own that need ordering.
 */
function buildSideOptimizers(request: DeltaRequest): readonly string[] {
  return request.source.reading.shape === "relation" ? [] : ["join_order", "build_side_probe_side"];
}

/** Throws where the law is broken; else whether the snapshot has rows that no current row matched, and rows that left untold. */
async function checkConservation(
  session: SqlSession,
  request: DeltaRequest,
  snapshot: Snapshot,
  current: bigint,
  signal: AbortSignal,
): Promise<{ readonly unmatched: boolean; readonly untold: boolean }> {
  const [counts] = await session.rows(
    `SELECT count(h1), count(*), (SELECT count(h1) FROM ${UNMATCHED}), (SELECT count(g1) FROM ${UNMATCHED}) FROM (${snapshotRows(snapshot, [])})`,
    signal,
  );
  const [told, all, unmatchedCurrent, unmatchedSnapshot] = (counts ?? []).map((count) => BigInt(count ?? "0"));
  if (told === undefined || all === undefined || unmatchedCurrent === undefined || unmatchedSnapshot === undefined) {
    throw new SyncError("INTERNAL", "The engine counted nothing.");
  }
  const surplus = current - unmatchedCurrent - (told - unmatchedSnapshot);
  // Every row that was sent was read, so matched rows in excess are rows that the result holds more than once.
  if (surplus > 0n) throw duplicateKeys(request, surplus);
  if (surplus < 0n) {
    throw new SyncError("STATE_DAMAGED", `The snapshot holds ${String(-surplus)} rows twice, so no delta can be told from it.`, {
      hint: "Send the whole table again with --full-resync.",
    });
  }
  return { unmatched: unmatchedSnapshot > 0n, untold: all > told };
}
