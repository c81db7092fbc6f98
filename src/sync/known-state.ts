import { isAbort } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import { readCurrent } from "../state/current.ts";
import type { Current } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import { stateKeys } from "../state/state-keys.ts";

/** How a stream stood at an instant; null where its state did not tell. */
export type KnownState = {
  readonly seq: number;
  readonly generation: number;
  /** Whether a delivery was open, whose rows were read before that instant. */
  readonly isPlanned: boolean;
} | null;

/** How a stream stands now. A state that is damaged is its own run's matter. */
export async function knownState(store: ObjectStore, stream: string, signal: AbortSignal): Promise<KnownState> {
  try {
    const current = await readCurrent(store, stream, signal);
    if (current === null) return { seq: 0, generation: 0, isPlanned: false };
    const { seq, generation } = current;
    return { seq, generation, isPlanned: (await readPlan(store, stateKeys(stream), generation + 1, signal)) !== null };
  } catch (error) {
    if (isAbort(error)) throw error;
    return null;
  }
}

/** Whether nothing was told of a stream since then that its rows of that instant could take back. */
export function standsAt(known: KnownState | undefined, current: Pick<Current, "seq" | "generation">): boolean {
  if (known == null) return false;
  return current.seq === known.seq || (known.isPlanned && current.generation === known.generation + 1);
}
