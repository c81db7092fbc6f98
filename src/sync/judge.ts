import type { Delta } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { countByValue } from "../diffing/count-by-value.ts";
import type { DeltaKind } from "../diffing/delta-request.ts";
import { judgeDelta, type Answers, type Verdict } from "./judge-delta.ts";
import type { LoadedSnapshot } from "./load-snapshot.ts";
import type { RunContext } from "./run-context.ts";
import type { SchemaChanges } from "./schema-changes.ts";

/** A comparison as the guards look at it. */
interface Compared {
  readonly delta: Delta;
  readonly kind: DeltaKind;
  readonly replaces: boolean;
  readonly schema: SchemaChanges | null;
  readonly answers: Answers;
  readonly tells: boolean;
}

/** What the guards of a run's stream say of a comparison. A baseline sends nothing, so nothing is guarded. */
export async function judge(
  { stream }: Pick<RunContext, "stream">,
  loaded: LoadedSnapshot,
  { delta, kind, replaces, schema, answers, tells }: Compared,
  session: SqlSession,
  signal: AbortSignal,
): Promise<Verdict> {
  if (kind === "baseline") return { checks: [], schema: null };
  const { guards } = stream;
  const snapshot = replaces ? null : loaded.snapshot;
  // A stretch of time in which nothing happened is no sign that rows are missing.
  const told = snapshot?.rows ?? (stream.mode === "append" ? 0n : null);
  const perValue: { column: string; tallies: Awaited<ReturnType<typeof countByValue>> }[] = [];
  if (guards !== null && snapshot !== null && told !== 0n && kind !== "full") {
    for (const column of guards.per) perValue.push({ column, tallies: await countByValue(session, delta, snapshot, column, signal) });
  }
  const { current } = delta.counts;
  const vanished = kind === "full" && told !== null && told > current ? told - current : 0n;
  return judgeDelta(guards, stream.onSchemaChange, { counts: delta.counts, told, vanished, tells, schema, perValue }, answers);
}
