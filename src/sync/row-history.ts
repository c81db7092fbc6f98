import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import type { FileChange, SqlExpr, Stream } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { readCurrent } from "../state/current.ts";
import type { Current, Plan } from "../state/documents.ts";
import { readErasures } from "../state/erasures.ts";
import { readPlan } from "../state/plans.ts";
import { localFile } from "../state/state-files.ts";
import { stateKeys } from "../state/state-keys.ts";
import { type HeldRow, heldRow } from "./held-row.ts";
import { cacheFolder } from "./run-context.ts";
import type { DeltaSample } from "./sample-delta.ts";
import { firstKept } from "./stored-history.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** One delivery that told of a row. */
export interface RowDelivery {
  readonly generation: number;
  readonly run: string;
  readonly at: string;
  /** `abandoned`: the generation was given up, so the row may have arrived or not. `open`: it is under way. */
  readonly end: "delivered" | "abandoned" | "open";
  readonly change: FileChange;
  readonly outputs: readonly string[];
  readonly before: readonly (string | null)[] | null;
  readonly after: readonly (string | null)[] | null;
  /** The object that the row stands in; several where that cannot be told any more, for files are grouped otherwise now. */
  readonly files: readonly string[];
}

/** What is on record of a row. */
export interface RowHistory {
  readonly stream: string;
  readonly deliveries: readonly RowDelivery[];
  /** Deltas that are no longer in the state root: what they told is not known. */
  readonly missing: readonly string[];
  /** The first generation of which anything is kept. */
  readonly from: number;
  /** How many times rows of the stream were forgotten: what was told of those is known no more. */
  readonly erasures: number;
}

/** Every delivery of the row with a key (column of primary_key → canonical text), oldest first. These are row values, and belong in no log. */
export async function rowHistory(
  deps: SyncDeps,
  stream: Stream,
  key: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<RowHistory> {
  refuseOtherKey(stream, key);
  const current = await readCurrent(deps.state, stream.name, signal);
  const found: RowDelivery[] = [];
  const missing: string[] = [];
  await using engine = await deps.openEngine(signal);
  const erasures = await readErasures(deps.state, stateKeys(stream.name), signal);
  const from = current === null ? 1 : firstKept(current);
  for (let generation = from; generation <= (current?.generation ?? -1) + 1; generation += 1) {
    const written = await readPlan(deps.state, stateKeys(stream.name), generation, signal);
    if (written === null || current === null) continue;
    const plan = erasures.planned(written);
    const path = await localFile(deps.state, plan.delta, cacheFolder({ deps, stream }), signal);
    if (path === null) missing.push(plan.delta.key);
    else found.push(...(await rowsWithKey(engine, { stream, current, plan, path }, key, signal)));
    if (plan.kind !== "checkpoint") continue;
    const held = await heldRow(deps, stream, { engine, current, plan }, key, signal);
    if (held !== null) found.push(wholeRow(plan, current, held));
  }
  return { stream: stream.name, deliveries: found, missing, from, erasures: erasures.all.length };
}

/** A delta of the past, checked, on this machine. */
export interface StoredDelta {
  readonly stream: Stream;
  readonly current: Current;
  readonly plan: Plan;
  readonly path: string;
}

async function rowsWithKey(
  session: SqlSession,
  stored: StoredDelta,
  key: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<readonly RowDelivery[]> {
  const { layout } = stored.plan;
  const names = layout.columns.slice(0, layout.keyCount).map(({ name }) => name);
  // Under another key the same row cannot be told from others.
  if (names.length !== key.size || names.some((name) => !key.has(name))) return [];
  const where = names.map((name, at) => `k${String(at)} = ${sqlText(key.get(name) ?? "")}`).join(" AND ");
  return await rowsOf(session, stored, where, signal);
}

/** The rows of a delta, called `f`, that meet a condition, each with the files that it was delivered in. */
export async function rowsOf(
  session: SqlSession,
  { stream, current, plan, path }: StoredDelta,
  where: SqlExpr,
  signal: AbortSignal,
): Promise<readonly RowDelivery[]> {
  const { outputs } = plan.delta;
  const told = outputs.map((_, at) => `p${String(at)}`);
  // A first delta has no columns of what stood before.
  const before = told.map((name) => `CAST(NULL AS VARCHAR) AS ${name}`).join(", ");
  const delta = `(SELECT * FROM read_parquet(${sqlText(path)}, file_row_number=true) UNION ALL BY NAME SELECT ${before} WHERE false)`;
  const columns = [...outputs.map((_, at) => `o${String(at)}`), ...told].join(", ");
  const rows = await session.rows(`SELECT op, file_row_number, ${columns} FROM ${delta} AS f WHERE op <> 'refresh' AND ${where}`, signal);
  const { generation, run, at } = plan;
  const end = endOf(plan, current);
  const found: RowDelivery[] = [];
  for (const [op, number, ...values] of rows) {
    const change = changeOf(op);
    const text = (output: number): string | null => values[change === "removed" ? output + outputs.length : output] ?? null;
    found.push({
      generation,
      run,
      at,
      end,
      change,
      outputs,
      after: change === "removed" ? null : values.slice(0, outputs.length),
      before: change === "changed" || change === "removed" ? values.slice(outputs.length) : null,
      files: await filesOf(session, { delta, stream, plan, change, number: number ?? "0", text }, signal),
    });
  }
  return found;
}

function endOf({ generation }: Plan, current: Current): RowDelivery["end"] {
  if (generation > current.generation) return "open";
  return current.abandoned.includes(generation) ? "abandoned" : "delivered";
}

/** A row as the whole-table files of a checkpoint tell it. Where several files could hold it, its place among the rows of the table is not looked for. */
function wholeRow(plan: Plan, current: Current, { outputs, after }: HeldRow): RowDelivery {
  const { generation, run, at } = plan;
  const files = objectsOf(plan, ["full"], (output) => after[output] ?? null, outputs).map(({ key }) => key);
  return { generation, run, at, end: endOf(plan, current), change: "full", outputs, before: null, after, files };
}

/** Objects of some changes whose split values are those of a row. */
function objectsOf(
  plan: Plan,
  changes: readonly string[],
  text: (output: number) => string | null,
  outputs: readonly string[],
): Plan["objects"] {
  const named = plan.objects.filter(({ change }) => changes.includes(change));
  return named.filter(({ split }) => Object.entries(split ?? {}).every(([name, value]) => text(outputs.indexOf(name)) === value));
}

function changeOf(op: string | null | undefined): FileChange {
  if (op === "added" || op === "changed" || op === "removed" || op === "full") return op;
  throw new SyncError("INTERNAL", "A stored delta holds an operation that does not exist.");
}

/** A row of a delta, as far as the file that it stands in depends on it. */
interface RowInDelta {
  /** FROM item of the delta. */
  readonly delta: string;
  readonly stream: Stream;
  readonly plan: Plan;
  readonly change: FileChange;
  /** Its place in the delta. */
  readonly number: string;
  readonly text: (output: number) => string | null;
}

/** Files are cut by the values that they are split by, then in the delta's order. */
async function filesOf(session: SqlSession, row: RowInDelta, signal: AbortSignal): Promise<readonly string[]> {
  const { stream, plan, change, text } = row;
  const { outputs } = plan.delta;
  const group = stream.fileFormat.groups.find(({ kinds }) => kinds.some((kind) => kind === change));
  const fitting = objectsOf(plan, [change, ...(group === undefined ? [] : [group.name])], text, outputs);
  const [first] = fitting;
  if (first === undefined || fitting.length === 1) return fitting.map(({ key }) => key);
  const kinds = first.change === change ? [change] : (group?.kinds ?? [change]);
  const same = Object.entries(first.split ?? {}).map(([name, value]) => {
    const at = outputs.indexOf(name);
    return `CASE op WHEN 'removed' THEN p${at} ELSE o${at} END IS NOT DISTINCT FROM ${value === null ? "NULL" : sqlText(value)}`;
  });
  const before = [`op IN (${kinds.map(sqlText).join(", ")})`, `file_row_number < ${BigInt(row.number)}`, ...same].join(" AND ");
  const [counted] = await session.rows(`SELECT count(*) FROM ${row.delta} WHERE ${before}`, signal);
  let rest = Number(counted?.[0] ?? "0");
  for (const { key, rows } of fitting.toSorted((a, b) => a.part - b.part)) {
    if (rest < rows) return [key];
    rest -= rows;
  }
  return fitting.map(({ key }) => key);
}

function refuseOtherKey(stream: Stream, key: ReadonlyMap<string, string>): void {
  const { primaryKey, name } = stream;
  if (primaryKey.length === key.size && primaryKey.every((column) => key.has(column))) return;
  throw new SyncError("USAGE", `A row of ${name} is named by ${primaryKey.join(", ")}.`, {
    hint: `--key ${primaryKey.map((column) => `${column}=VALUE`).join(",")}`,
  });
}

/** A delivery as a sample of its delta, for whoever shows such. */
export function asSample({ change, outputs, before, after }: RowDelivery): DeltaSample {
  return { change, outputs, rows: [{ after, before }] };
}
