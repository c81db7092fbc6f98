import type { Cursor, CursorKind } from "../core/cursor.ts";
import type { Remembered, ResolvedMapping, Snapshot } from "../core/delta.ts";
import type { Dialect } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import type { DeltaKind } from "../diffing/delta-request.ts";
import type { Current, Watermark } from "../state/documents.ts";

/** The stretch of an event table that a run reads. */
export interface EventWindow {
  /** Instants: from this one on (null: from the beginning), up to but not including the other. */
  readonly from: string | null;
  readonly to: string;
  /** What CURRENT says once the run's delta is told. */
  readonly next: Watermark;
}

type Read = Pick<Watermark, "upTo" | "from"> | null;

/**
 * What a run reads: from as far behind the last one's end as rows may be late, up to now but for the lag. Its end never goes back, though
 * the clock may: rows between would be forgotten and told again. Its beginning neither, for what is before it is forgotten already.
 */
function eventWindow(cursor: Cursor, output: string, kind: DeltaKind, read: Read, now: Date): EventWindow {
  const latest = new Date(now.getTime() - cursor.lagMs).toISOString();
  const to = read === null ? latest : later(latest, read.upTo);
  const behind = (instant: string): string => new Date(Date.parse(instant) - cursor.overlapMs).toISOString();
  const from = beginning(cursor, kind, read, behind, to);
  return { from, to, next: { output, upTo: to, from: from === null ? behind(to) : later(behind(to), from) } };
}

function beginning(cursor: Cursor, kind: DeltaKind, read: Read, behind: (instant: string) => string, to: string): string | null {
  if (kind === "baseline") return cursor.start === null ? behind(to) : later(behind(to), cursor.start);
  if (kind === "resync" || read === null) return cursor.start;
  return later(behind(read.upTo), read.from);
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

/** The part of a query's result that lies in a window. A day that it begins or ends in is read whole where the cursor knows days only. */
export function windowQuery(
  query: string,
  column: string,
  kind: CursorKind,
  { from, to }: Pick<EventWindow, "from" | "to">,
  dialect: Dialect,
): string {
  const cursor = `events.${dialect.quoteIdentifier(column)}`;
  const since = from === null ? "" : `${cursor} >= ${dialect.instant(kind, kind === "date" ? dayOf(from, 0) : from)} AND `;
  const until = dialect.instant(kind, kind === "date" ? dayOf(to, DAY_MS - 1) : to);
  return `SELECT * FROM (\n${query}\n) AS events WHERE ${since}${cursor} < ${until}`;
}

const DAY_MS = 86_400_000;

function dayOf(instant: string, plusMs: number): string {
  const ms = Date.parse(instant) + plusMs;
  return new Date(ms - (((ms % DAY_MS) + DAY_MS) % DAY_MS)).toISOString();
}

/** What a run of an event table reads and compares with. */
export interface EventsRead {
  readonly query: string;
  readonly snapshot: Snapshot | null;
  readonly window: EventWindow;
  readonly remembers: Remembered;
}

/** What CURRENT says of the events that were read. */
interface KnownEvents {
  readonly identity: Pick<Current["identity"], "cursor">;
  readonly watermark?: Watermark | undefined;
}

/** The window of a run of an event table; null for every other stream. */
export function readEvents(
  stream: Pick<Stream, "cursor">,
  { query, mapping, kind }: { readonly query: string; readonly mapping: ResolvedMapping; readonly kind: DeltaKind },
  { current, snapshot }: { readonly current: KnownEvents; readonly snapshot: Snapshot | null },
  dialect: Dialect,
  now: Date,
): EventsRead | null {
  const { cursor } = stream;
  if (cursor === undefined || mapping.cursor === undefined) return null;
  const output = mapping.outputs[mapping.cursor.output]?.name ?? "";
  const read = current.identity.cursor === cursor.column ? (current.watermark ?? null) : null;
  const window = eventWindow(cursor, output, kind, read, now);
  const remembers = { output, kind: mapping.cursor.kind };
  return {
    query: windowQuery(query, cursor.column, mapping.cursor.kind, window, dialect),
    // What is behind the window is forgotten before it is missed.
    snapshot:
      snapshot === null || read === null
        ? snapshot
        : { ...snapshot, remembered: { ...remembers, from: later(read.from, window.from ?? read.from) } },
    window,
    remembers: { ...remembers, from: window.next.from },
  };
}

/** What CURRENT remembers of an event table; nothing for every other stream. */
export function rememberedBy({ watermark, layout }: Pick<Current, "watermark" | "layout">): Pick<Snapshot, "remembered"> {
  const kind = layout?.outputs.find(({ name }) => name === watermark?.output)?.kind;
  if (watermark === undefined || (kind !== "date" && kind !== "timestamp" && kind !== "timestamp_tz")) return {};
  return { remembered: { output: watermark.output, kind, from: watermark.from } };
}
