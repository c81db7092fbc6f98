import type { ChangeKind } from "../core/types.ts";
import { anyOf } from "../engine/any-of.ts";
import type { DeltaRequest } from "./delta-request.ts";
import { keyColumns, outputColumns, sameKey } from "./snapshot-view.ts";

/** The relations that a delta is made of: SELECTs. */
export interface DeltaSides {
  /** Current rows: k…, o…, h1, h2, torn. */
  readonly current: string;
  /** Told rows that may differ: k…, o…, h1, h2. null when nothing was told. */
  readonly told: string | null;
  /** Keys that must be stated whether they differ or not: k…, o… (as last said), h1, h2. null when there are none. */
  readonly uncertain: string | null;
  /** Whether the delta is to hold every row of the new snapshot, also those that nothing is said about. */
  readonly whole: boolean;
}

/** SELECT of a delta file's rows, unsorted: op, k…, o…, p…, h1, h2, g1, g2 (core/delta.ts). */
export function deltaRows(request: DeltaRequest, sides: DeltaSides): string {
  const before = sides.uncertain === null ? (sides.told ?? "") : withUncertain(request, sides.told, sides.uncertain);
  return statedRows(request, comparedRows(request, sides.current, before), sides.whole);
}

/**
 * SELECT of a delta file's rows when nothing was told before, in the order of `current`: every row is told, or taken as told by a
 * baseline. There is no `before`, so the file has no such columns: even empty ones would cost as much as half of the full ones.
 */
export function freshRows(request: DeltaRequest, current: string): string {
  const op = request.kind === "baseline" ? "refresh" : request.kind === "delta" ? "added" : "full";
  const columns = [...keyColumns(request.projection.keyCount), ...outputColumns(request.outputs), "h1", "h2"];
  const where = request.kind === "delta" && !request.changes.includes("added") ? " WHERE torn" : "";
  return `SELECT CASE WHEN torn THEN 'torn' ELSE '${op}' END AS op, ${columns.join(", ")} FROM (${current})${where}`;
}

/** Told rows and uncertain keys in one relation, with what each is: `told` (the snapshot has it), `unsure` (must be stated). */
function withUncertain(request: DeltaRequest, told: string | null, uncertain: string): string {
  const { keyCount } = request.projection;
  const columns = [...keyColumns(keyCount), ...outputColumns(request.outputs), "h1", "h2"];
  if (told === null) return `SELECT ${columns.join(", ")}, false AS told, true AS unsure FROM (${uncertain})`;
  const key = keyColumns(keyCount).map((name) => `coalesce(t.${name}, u.${name}) AS ${name}`);
  // What the snapshot holds was told for certain; an uncertain key outside it has only what was last said of it.
  const values = [...outputColumns(request.outputs), "h1", "h2"].map(
    (name) => `CASE WHEN t.told THEN t.${name} ELSE u.${name} END AS ${name}`,
  );
  return `SELECT ${[...key, ...values].join(", ")}, coalesce(t.told, false) AS told, coalesce(u.unsure, false) AS unsure FROM (SELECT *, true AS told FROM (${told})) AS t FULL OUTER JOIN (SELECT *, true AS unsure FROM (${uncertain})) AS u ON ${sameKey(keyCount, "t", "u")}`;
}

/** Both sides joined by key: n_k…, n_o…, n_h1, n_h2 and k…, p…, g1, g2, and `op` before `changes` is looked at. */
function comparedRows(request: DeltaRequest, current: string, before: string): string {
  const { keyCount } = request.projection;
  const hasFlags = before.includes("AS unsure");
  const differs = request.outputs.flatMap((output, at) =>
    output.ignored || isAdopted(request, at) ? [] : [`n.o${String(at)} IS DISTINCT FROM b.o${String(at)}`],
  );
  const changed = anyOf([...differs, ...(hasFlags ? ["b.unsure"] : [])]);
  const whole = request.kind === "resync" ? "WHEN n.present THEN 'full'" : "";
  const added = hasFlags ? "NOT coalesce(b.told, false)" : "b.present IS NULL";
  const op = `CASE WHEN n.torn THEN 'torn' WHEN n.present IS NULL THEN 'removed' ${whole} WHEN ${added} THEN 'added' WHEN ${changed} THEN 'changed' ELSE 'refresh' END`;
  const columns = [
    `${op} AS op`,
    `${hasFlags ? "coalesce(b.unsure, false)" : "false"} AS unsure`,
    `${hasFlags ? "coalesce(b.told, false)" : "b.present IS NOT NULL"} AS told`,
    ...keyColumns(keyCount).map((name) => `coalesce(n.${name}, b.${name}) AS ${name}`),
    ...outputColumns(request.outputs).map((name) => `n.${name} AS n${name}`),
    ...request.outputs.map((_, at) => `b.o${String(at)} AS b${String(at)}`),
    "n.h1 AS h1",
    "n.h2 AS h2",
    "b.h1 AS g1",
    "b.h2 AS g2",
  ];
  return `SELECT ${columns.join(", ")} FROM (SELECT *, true AS present FROM (${current})) AS n FULL OUTER JOIN (SELECT *, true AS present FROM (${before})) AS b ON ${sameKey(keyCount, "n", "b")}`;
}

/**
 * What is said of each compared row. A kind of change that `changes` leaves out is not told: an untold change only records the new
 * fingerprint, an untold removal only its absence, an untold addition nothing at all. Uncertain keys are stated all the same.
 */
function statedRows(request: DeltaRequest, compared: string, whole: boolean): string {
  const said = (request.append === undefined ? untoldKinds(request, whole) : knownEvents(request, whole)).join(" ");
  const stated = said.trim() === "" ? compared : `SELECT * REPLACE (CASE ${said} ELSE op END AS op) FROM (${compared})`;
  // A row that left untold has no new value to take.
  const unchanged = (at: number): string =>
    isAdopted(request, at) ? `CASE WHEN h1 IS NULL THEN b${String(at)} ELSE no${String(at)} END` : `b${String(at)}`;
  const after = request.outputs.map(
    (_, at) => `CASE op WHEN 'removed' THEN NULL WHEN 'refresh' THEN ${unchanged(at)} ELSE no${String(at)} END AS o${String(at)}`,
  );
  const before = request.outputs.map((_, at) => `CASE WHEN op IN ('refresh', 'added') THEN NULL ELSE b${String(at)} END AS p${String(at)}`);
  const columns = ["op", ...keyColumns(request.projection.keyCount), ...after, ...before, "h1", "h2", "g1", "g2"];
  return `SELECT ${columns.join(", ")} FROM (${stated}) WHERE op IS NOT NULL`;
}

function untoldKinds(request: DeltaRequest, whole: boolean): readonly string[] {
  const untold = (kind: ChangeKind): boolean => !request.changes.includes(kind) && request.kind === "delta";
  return [
    untold("changed") ? "WHEN op = 'changed' AND NOT unsure THEN 'refresh'" : "",
    // A row that left untold before is in the snapshot already, as it is.
    untold("removed") && !whole ? "WHEN op = 'removed' AND NOT unsure AND g1 IS NULL THEN NULL" : "",
    untold("removed") ? "WHEN op = 'removed' AND NOT unsure THEN 'refresh'" : "",
    untold("added") ? "WHEN op = 'added' AND NOT unsure THEN NULL" : "",
  ];
}

/**
 * An event that is told is never told again: one that is missing is remembered for as long as it could come back. What a generation that was
 * given up may have told is told anew when it is there, and is nobody's loss when it is not.
 */
function knownEvents({ kind }: DeltaRequest, whole: boolean): readonly string[] {
  if (kind !== "delta") return ["WHEN op = 'removed' THEN NULL"];
  return [
    "WHEN op = 'changed' THEN 'refresh'",
    whole ? "" : "WHEN op = 'removed' AND g1 IS NULL THEN NULL",
    "WHEN op = 'removed' AND told THEN 'refresh'",
    "WHEN op = 'removed' THEN NULL",
  ];
}

function isAdopted(request: DeltaRequest, at: number): boolean {
  return request.adopted?.includes(at) === true;
}
