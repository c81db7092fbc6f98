import type { Column, OutputColumn, Stream } from "../core/types.ts";
import type { RunParts } from "./sync-deps.ts";

/** Columns of a result that are extracted once for several streams. */
export interface SharedColumns {
  readonly columns: readonly Column[];
  /** Names of the streams. */
  readonly streams: readonly string[];
}

/**
 * Which streams of one model can be served by one extraction. Where a moment can be kept for several readers, those that need the very same columns:
 * the others read theirs at that moment. Elsewhere all of them, by all the columns that any of them needs: only one result is one moment.
 * A stream whose mapping does not fit the columns is in none; its own run tells why.
 */
export function sharedColumns(
  streams: readonly Stream[],
  described: readonly Column[],
  { parts, keepsMoments }: { readonly parts: RunParts; readonly keepsMoments: boolean },
): readonly SharedColumns[] {
  const groups = new Map<string, { readonly columns: Map<string, Column>; readonly streams: string[] }>();
  for (const stream of streams) {
    const columns = columnsOf(stream, described, parts);
    if (columns === null) continue;
    // An event table is read in stretches, which a table that is compared whole has no use for.
    const key = JSON.stringify([stream.cursor !== undefined, keepsMoments ? columns.map(({ name }) => name).toSorted() : "all"]);
    const group = groups.get(key) ?? { columns: new Map<string, Column>(), streams: [] };
    groups.set(key, group);
    for (const column of columns) if (!group.columns.has(column.name)) group.columns.set(column.name, column);
    group.streams.push(stream.name);
  }
  return [...groups.values()].map((group) => ({ columns: [...group.columns.values()], streams: group.streams }));
}

function columnsOf(stream: Stream, described: readonly Column[], parts: RunParts): readonly Column[] | null {
  try {
    return parts.resolveMapping({ ...stream, columns: stream.columns?.map(withoutSteps) ?? null }, described).columns;
  } catch {
    return null;
  }
}

/** What is done to a value says nothing of where it comes from, and may need a secret. */
function withoutSteps({ name, value }: OutputColumn): OutputColumn {
  return { name, value: value.from === "object" ? { ...value, members: value.members.map(withoutSteps) } : value };
}
