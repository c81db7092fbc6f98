import { rm } from "node:fs/promises";
import type { Delta, DeltaCounts, DeltaOp, Layout, Remembered, Snapshot } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { countWhere } from "../engine/count-where.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { checkAdopted, writeAdopted } from "./adopt-rows.ts";
import type { DeltaRequest } from "./delta-request.ts";
import { findSuspects, OLD_SUSPECTS, UNMATCHED } from "./find-suspects.ts";
import { checkAddedKeys, checkDeltaKeys } from "./key-checks.ts";
import { layoutOf } from "./layout.ts";
import { mappedRows, sortedRows } from "./mapped-rows.ts";
import { readCurrent } from "./read-current.ts";
import { lastWords, snapshotRows } from "./snapshot-view.ts";
import { writeDelta, writeFreshDelta } from "./write-delta.ts";

/**
 * Compares a model's result with what its destination holds and writes the delta, sorted by key, to `request.path`.
 * Refuses NULL and duplicate keys and rows that were lost, doubled or torn on the way; then no file is left behind.
 */
export async function computeDelta(session: SqlSession, request: DeltaRequest, signal: AbortSignal): Promise<Delta> {
  const layout = layoutOf(request);
  const { snapshot } = request;
  try {
    const bySuspects = snapshot !== null && fingerprintsHold(request, snapshot, layout);
    const current = bySuspects
      ? await compareSuspects(session, request, snapshot, layout, signal)
      : await compareEverything(session, request, layout, signal);
    await checkDeltaKeys(session, request, signal);
    const told = bySuspects ? snapshot.rows : null;
    const counted = await countDelta(session, request, current, told, signal);
    const counts =
      request.append === undefined
        ? counted
        : { ...counted, snapshotAfter: await countRemembered(session, request.append, { request, layout, bySuspects }, signal) };
    if (bySuspects && counts.added > 0n) await checkAddedKeys(session, request, snapshot, signal);
    const changedColumns = counts.changed === 0n ? [] : await countChangedColumns(session, request, signal);
    return { path: request.path, layout, counts, changedColumns, wholeSnapshot: !bySuspects };
  } catch (error) {
    await rm(request.path, { force: true });
    throw error;
  }
}

/** Whether equal fingerprints mean equal told rows: the same layout, and no key that must be stated all the same. */
function fingerprintsHold(request: DeltaRequest, snapshot: Snapshot, layout: Layout): boolean {
  const empty = snapshot.base === null && snapshot.log.length === 0;
  return request.kind === "delta" && !empty && snapshot.layout === layout && snapshot.uncertain.length === 0;
}

async function compareSuspects(
  session: SqlSession,
  request: DeltaRequest,
  snapshot: Snapshot,
  layout: Layout,
  signal: AbortSignal,
): Promise<bigint> {
  const { rows, count } = await findSuspects(session, request, snapshot, layout, signal);
  const suspects = `(SELECT * FROM ${UNMATCHED} WHERE h1 IS NOT NULL)`;
  const sides = {
    current: mappedRows(rows, suspects, request.projection, request.outputs),
    told: `SELECT * FROM ${OLD_SUSPECTS}`,
    uncertain: null,
    whole: false,
  };
  await writeDelta(session, request, sides, signal);
  return count;
}

/** Every row is a suspect: straight from the source into the comparison, nothing kept on the way. */
async function compareEverything(session: SqlSession, request: DeltaRequest, layout: Layout, signal: AbortSignal): Promise<bigint> {
  const outputs = request.outputs.map((output) => output.name);
  const { snapshot } = request;
  const compares = snapshot !== null && (request.kind === "delta" || request.kind === "resync");
  const hasRows = compares && (snapshot.base !== null || snapshot.log.length > 0);
  const told = hasRows ? snapshotRows(snapshot, outputs) : null;
  const uncertain = compares && snapshot.uncertain.length > 0 ? lastWords(snapshot.uncertain, layout.keyCount, outputs) : null;
  const { count } = await readCurrent(
    session,
    request,
    layout,
    async (rows, both) => {
      const mapped = (from: string): string => mappedRows(rows, `(${from})`, request.projection, request.outputs);
      if (request.adopts !== undefined) {
        await writeAdopted(session, request, request.adopts, mapped(rows.select), both);
      } else if (told === null && uncertain === null) {
        await writeFreshDelta(session, request, mapped(sortedRows(rows, request.projection)), both);
      } else {
        await writeDelta(session, request, { current: mapped(rows.select), told, uncertain, whole: true }, both);
      }
    },
    signal,
  );
  if (request.adopts !== undefined) await checkAdopted(session, request, request.adopts, signal);
  return count;
}

async function countDelta(
  session: SqlSession,
  request: DeltaRequest,
  current: bigint,
  told: bigint | null,
  signal: AbortSignal,
): Promise<DeltaCounts> {
  const rows = await session.rows(`SELECT op, count(*), count(h1) FROM read_parquet(${sqlText(request.path)}) GROUP BY op`, signal);
  const byOp = new Map(rows.map(([op, count, present]) => [op, { count: BigInt(count ?? "0"), present: BigInt(present ?? "0") }]));
  const of = (op: DeltaOp): bigint => byOp.get(op)?.count ?? 0n;
  const present = rows.reduce((sum, [op, , inSource]) => sum + (op === "removed" ? 0n : BigInt(inSource ?? "0")), 0n);
  const kept = of("added") + of("changed") + of("full") + of("refresh");
  return {
    added: of("added"),
    changed: of("changed"),
    removed: of("removed"),
    full: of("full"),
    refreshed: of("refresh"),
    unchanged: request.adopts !== undefined ? present : current - (present - (byOp.get("refresh")?.present ?? 0n)),
    current,
    snapshotAfter: told === null ? kept : told + of("added") - of("removed"),
  };
}

/** Rows that a snapshot of an event table holds once the delta is promoted: it forgets rows as time goes by. */
async function countRemembered(
  session: SqlSession,
  remembered: Remembered,
  { request, layout, bySuspects }: { readonly request: DeltaRequest; readonly layout: Layout; readonly bySuspects: boolean },
  signal: AbortSignal,
): Promise<bigint> {
  const file = { path: request.path, outputs: request.outputs.map((output) => output.name) };
  const { base, log } = (bySuspects ? request.snapshot : null) ?? { base: null, log: [] };
  const after = { layout, base, log: [...log, file], uncertain: [], rows: 0n, remembered };
  const [row] = await session.rows(`SELECT count(*) FROM (${snapshotRows(after, [])})`, signal);
  return BigInt(row?.[0] ?? "0");
}

async function countChangedColumns(session: SqlSession, request: DeltaRequest, signal: AbortSignal): Promise<Delta["changedColumns"]> {
  const compared = request.outputs.flatMap((output, at) => (output.ignored ? [] : [{ name: output.name, at: String(at) }]));
  if (compared.length === 0) return [];
  const counts = compared.map(({ at }) => countWhere(`o${at} IS DISTINCT FROM p${at}`));
  const [row] = await session.rows(`SELECT ${counts.join(", ")} FROM read_parquet(${sqlText(request.path)}) WHERE op = 'changed'`, signal);
  return compared.map(({ name }, at) => ({ name, rows: BigInt(row?.[at] ?? "0") })).filter(({ rows }) => rows > 0n);
}
