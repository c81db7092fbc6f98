import { readCurrent, swapCurrent } from "../state/current.ts";
import type { Closing } from "../state/documents.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Closes a stream by a swap at the same generation: from here on CURRENT says that it is retired. */
export async function closeCurrent(
  { state, clock }: Pick<SyncDeps, "state" | "clock">,
  stream: string,
  run: string,
  retired: Closing,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const current = await readCurrent(state, stream, signal);
    if (current === null) return;
    const next = { ...current, seq: current.seq + 1, run, at: clock.now().toISOString(), reason: "retired", retired } as const;
    if ((await swapCurrent(state, stream, current.seq, next, signal)) === "swapped") return;
  }
}
