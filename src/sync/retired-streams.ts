import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { readCurrent } from "../state/current.ts";
import type { Closing, Current } from "../state/documents.ts";
import { unlessDamaged } from "../state/state-store.ts";

const AT_ONCE = 16;

/** Who closed a stream and when; null for one that is open, or of which a damaged state does not tell. */
export async function closingOf(state: ObjectStore, stream: string, signal: AbortSignal): Promise<Closing | null> {
  return (await unlessDamaged(readCurrent(state, stream, signal)))?.retired ?? null;
}

/** Of some streams those that are closed. */
export async function retiredStreams(
  state: ObjectStore,
  streams: readonly Stream[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Closing>> {
  const found = new Map<string, Closing>();
  for (let at = 0; at < streams.length; at += AT_ONCE) {
    const look = async ({ name }: Stream): Promise<void> => {
      const closing = await closingOf(state, name, signal);
      if (closing !== null) found.set(name, closing);
    };
    await Promise.all(streams.slice(at, at + AT_ONCE).map(look));
  }
  return found;
}

/** Refuses a stream that is closed: what its consumers were told is that every row left. */
export function refuseRetired(stream: Pick<Stream, "name">, { retired }: Pick<Current, "retired">): void {
  if (retired === undefined) return;
  throw new SyncError(
    "STREAM_RETIRED",
    `${stream.name} was retired by ${retired.by} at ${retired.at}, so it delivers nothing. Nothing was sent.`,
    {
      hint: `Take its model file away. Or is it to deliver again? \`sync run -m ${stream.name} --full-resync\` opens it and delivers every row.`,
      context: { stream: stream.name },
    },
  );
}
