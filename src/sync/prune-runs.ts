import type { ObjectStore } from "../core/ports.ts";
import { heldRuns } from "../state/held-runs.ts";
import { listRuns, readRun, type RunName } from "../state/run-records.ts";
import { stateKeys } from "../state/state-keys.ts";
import { unlessDamaged } from "../state/state-store.ts";
import { triggerTimes } from "../state/triggers.ts";

/** What a day's look may read at most; the next one goes on. */
export interface PruneLimit {
  readonly runs: number;
  readonly triggers: number;
}

/** Who repeats a request does so within a day. */
const REPEATED_MS = 86_400_000;

/**
 * Runs of a stream that began before an instant, oldest first. The newest stays whatever its age, as do held runs that wait for an answer and the
 * newest run that set the table by something else than a delivery: `verify` and `state repair` ask for it.
 */
export async function runsToDrop(
  state: ObjectStore,
  stream: string,
  before: Date,
  limit: number,
  signal: AbortSignal,
): Promise<readonly RunName[]> {
  const waiting = (await heldRuns(state, stateKeys(stream), signal)).filter(({ decision }) => decision === null);
  const kept = new Set(waiting.map(({ held }) => held.run));
  const names = (await listRuns(state, signal)).filter((name) => name.stream === stream).slice(1);
  const old: RunName[] = [];
  let set: RunName | null = null;
  for (const name of names.toReversed()) {
    if (old.length === limit) break;
    const record = await unlessDamaged(readRun(state, name, signal));
    if (record !== null && Date.parse(record.startedAt) >= before.getTime()) break;
    if (kept.has(name.run)) continue;
    if (record?.status === "baselined" || record?.status === "reset") {
      if (set !== null) old.push(set);
      set = name;
    } else old.push(name);
  }
  return old;
}

/** What requests with an idempotency key left behind before an instant; of very many, other ones are looked at each day. */
export async function triggersToDrop(
  state: ObjectStore,
  stream: string,
  { before, now, limit }: { readonly before: Date; readonly now: Date; readonly limit: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const keys = await state.list(stateKeys(stream).triggerPrefix, signal);
  const day = Math.floor(now.getTime() / REPEATED_MS);
  const start = keys.length === 0 ? 0 : (day * limit) % keys.length;
  const looked = [...keys.slice(start), ...keys.slice(0, start)].slice(0, limit);
  const end = Math.min(before.getTime(), now.getTime() - REPEATED_MS);
  return [...(await triggerTimes(state, looked, signal))].filter(([, at]) => at.getTime() < end).map(([key]) => key);
}
