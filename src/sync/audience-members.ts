import type { Delta, Snapshot } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { countMembers, countTableMembers } from "../diffing/count-members.ts";
import { readCurrent } from "../state/current.ts";
import type { Current } from "../state/documents.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** How many members of each audience a destination was told of. */
export type Members = NonNullable<Current["members"]>;

/** An audience that the configuration added or took away since the last delivery. */
export interface AudienceNews {
  readonly audience: string;
  readonly news: "new" | "gone";
  /** Members that enter it, or leave. */
  readonly members: number;
}

/** Names of a stream's audiences, in the order of its file; null for a stream that has none. */
export function audienceNames({ query }: Pick<Stream, "query">): readonly string[] | null {
  return query.kind === "audiences" ? query.members.map(({ name }) => name) : null;
}

/** Members of the audiences of some streams as their destinations were told last, from the state alone; null where nothing is on record. */
export async function toldMembers(
  { state }: Pick<SyncDeps, "state">,
  streams: readonly Stream[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Members | null>> {
  const told = new Map<string, Members | null>();
  for (const stream of streams) {
    if (audienceNames(stream) === null) continue;
    told.set(stream.name, (await readCurrent(state, stream.name, signal))?.members ?? null);
  }
  return told;
}

/** Members of each audience once a delta is told: of those configured, and of others that keep some because `changes` tells no removals. */
export async function membersAfter(
  stream: Pick<Stream, "query">,
  delta: Delta,
  snapshot: Snapshot | null,
  session: SqlSession,
  signal: AbortSignal,
): Promise<Members | null> {
  const names = audienceNames(stream);
  if (names === null) return null;
  return asMembers(names, await countMembers(session, delta, snapshot, signal));
}

/** Members of each audience as a snapshot holds them; null for a stream that has none. */
export async function membersOf(
  stream: Pick<Stream, "query">,
  snapshot: Snapshot,
  session: SqlSession,
  signal: AbortSignal,
): Promise<Members | null> {
  const names = audienceNames(stream);
  return names === null ? null : asMembers(names, await countTableMembers(session, snapshot, signal));
}

function asMembers(names: readonly string[], counts: ReadonlyMap<string, number>): Members {
  const others = [...counts.keys()].filter((name) => !names.includes(name)).toSorted();
  return [...names, ...others].map((audience) => ({ audience, rows: counts.get(audience) ?? 0 }));
}

/** Audiences that enter or leave the configuration with a delta; none where nothing was told before. */
export function audienceNews(stream: Pick<Stream, "query">, before: Members | undefined, after: Members | null): readonly AudienceNews[] {
  const names = audienceNames(stream);
  if (names === null || before === undefined || after === null) return [];
  const rowsOf = (members: Members, name: string): number => members.find(({ audience }) => audience === name)?.rows ?? 0;
  const known = before.map(({ audience }) => audience);
  return [
    ...names
      .filter((name) => !known.includes(name))
      .map((name) => ({ audience: name, news: "new" as const, members: rowsOf(after, name) })),
    ...known
      .filter((name) => !names.includes(name))
      .map((name) => ({ audience: name, news: "gone" as const, members: rowsOf(before, name) - rowsOf(after, name) })),
  ];
}
