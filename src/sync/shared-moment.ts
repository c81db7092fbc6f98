import { join } from "node:path";
import { isAbort, SyncError } from "../core/errors.ts";
import type { HeldMoment, Source, SqlSession } from "../core/ports.ts";
import { counted } from "../core/readable.ts";
import type { Column, Projection, Stream } from "../core/types.ts";
import type { Current, Reading } from "../state/documents.ts";
import { DoneOnce } from "./done-once.ts";
import { keepRows, type KeptRows } from "./keep-rows.ts";
import { knownState, type KnownState, standsAt } from "./known-state.ts";
import type { RunContext } from "./run-context.ts";
import { openScratchFolder } from "./scratch-folder.ts";
import { type SharedColumns, sharedColumns } from "./shared-columns.ts";
import type { SyncDeps } from "./sync-deps.ts";

type MomentDeps = Pick<SyncDeps, "state" | "clock" | "scratch" | "parts">;

/** A stream that is about to query its source. */
interface Reader {
  readonly context: Pick<RunContext, "stream" | "run" | "report">;
  /** What it compares with. */
  readonly current: Current;
  readonly source: Source;
  readonly columns: readonly Column[];
  readonly engine: SqlSession;
}

/** The moment, once the first stream has asked for it. */
interface FixedMoment {
  readonly at: Date;
  readonly run: string;
  readonly held: HeldMoment | null;
  /** How each stream stood before. */
  readonly known: ReadonlyMap<string, KnownState>;
  readonly shared: readonly SharedColumns[];
}

interface Extraction {
  readonly rows: KeptRows;
  readonly run: string;
}

/** Where a stream's rows come from, and what its record says of that. */
export interface SharedRead {
  readonly source: Source;
  readonly reading: Reading;
}

/** A stream's part in a shared moment; disposing it says that the stream has read. */
export interface JoinedMoment extends AsyncDisposable {
  /** Not later than the moment. */
  readonly at: Date;
  /** What the stream's rows are to be read from: rows that lie here already, or the source at the moment. */
  read(projection: Projection, signal: AbortSignal): Promise<SharedRead>;
}

/**
 * What streams of one model that run together share: the moment of the source that they read and, where that is the same for them, the rows. The
 * first one to ask fixes the moment; every one of them has to `leave`, whatever became of its run, so that nothing is kept longer than needed.
 */
export class SharedMoment {
  readonly #deps: MomentDeps;
  readonly #streams: ReadonlyMap<string, Stream>;
  /** Streams that may still read. */
  readonly #waiting: Set<string>;
  readonly #fixed = new DoneOnce<FixedMoment>(() => false);
  readonly #extractions = new Map<string, DoneOnce<Extraction>>();
  #folder: ReturnType<typeof openScratchFolder> | null = null;
  #held: HeldMoment | null = null;
  #files = 0;

  constructor(deps: MomentDeps, streams: readonly Stream[]) {
    this.#deps = deps;
    this.#streams = new Map(streams.map((stream) => [stream.name, stream]));
    this.#waiting = new Set(this.#streams.keys());
  }

  /** null: the stream reads by itself, since somebody else told it something after the moment, and it must not go back. */
  async join(reader: Reader, signal: AbortSignal): Promise<JoinedMoment | null> {
    const { name } = reader.context.stream;
    if (!this.#waiting.has(name)) return null;
    const fixed = await this.#fixed.get(() => this.#fix(reader, signal), signal);
    if (!standsAt(fixed.known.get(name), reader.current)) {
      await this.leave(name);
      return null;
    }
    if (fixed.held !== null) reader.source.moments?.enter(fixed.held.token);
    return {
      at: fixed.at,
      read: (projection, during) => this.#read(fixed, reader, projection, during),
      [Symbol.asyncDispose]: () => this.leave(name),
    };
  }

  /** Says that a stream will read no more. With the last one everything goes that was kept. */
  async leave(stream: string): Promise<void> {
    if (!this.#waiting.delete(stream) || this.#waiting.size > 0) return;
    const [held, folder] = [this.#held, this.#folder];
    this.#held = null;
    this.#folder = null;
    this.#extractions.clear();
    await held?.[Symbol.asyncDispose]();
    // What cannot be removed now is found by a later run.
    await folder?.then((made) => made[Symbol.asyncDispose]()).catch(() => undefined);
  }

  async #fix({ context, source, columns }: Reader, signal: AbortSignal): Promise<FixedMoment> {
    const { moments } = source;
    const streams = [...this.#waiting].flatMap((name) => this.#streams.get(name) ?? []);
    const shared = sharedColumns(streams, columns, { parts: this.#deps.parts, keepsMoments: moments !== undefined });
    const at = this.#deps.clock.now();
    const look = async ({ name }: Stream) => [name, await knownState(this.#deps.state, name, signal)] as const;
    const known = new Map(await Promise.all(streams.map(look)));
    // One extraction is one moment by itself.
    const isOne = shared.length === 1 && streams.every(({ cursor }) => cursor === undefined);
    const held = isOne ? null : ((await moments?.hold(signal)) ?? null);
    this.#held = held;
    return { at, run: context.run, held, known, shared };
  }

  async #read(fixed: FixedMoment, reader: Reader, projection: Projection, signal: AbortSignal): Promise<SharedRead> {
    const { stream, run, report } = reader.context;
    const shared = fixed.shared.find(({ streams }) => streams.includes(stream.name));
    const alone = { source: reader.source, reading: { moment: fixed.held === null ? run : fixed.run, extraction: run } };
    if (shared === undefined || !covers(shared.columns, projection.columns)) return alone;
    const key = JSON.stringify([projection.query, shared.columns.map(({ name }) => name)]);
    const others = shared.streams.filter((name) => name !== stream.name && this.#waiting.has(name));
    const known = this.#extractions.get(key);
    if (others.length === 0 && known?.begun !== true) return alone;
    const extraction = known ?? new DoneOnce<Extraction>(isSources);
    this.#extractions.set(key, extraction);
    const all = { ...projection, columns: shared.columns };
    const work = async (): Promise<Extraction> => ({ rows: await this.#keep(reader, all, signal), run });
    const { rows, run: by } = await report.phase(
      "extract",
      () => extraction.get(work, signal),
      (done) =>
        `${counted(done.rows.rows, "row")} ${done.run === run ? `for ${[stream.name, ...others].join(", ")}` : `of run ${done.run}`}`,
    );
    return { source: rows.reader(reader.source), reading: { moment: fixed.held === null ? by : fixed.run, extraction: by } };
  }

  async #keep(reader: Reader, projection: Projection, signal: AbortSignal): Promise<KeptRows> {
    const { path } = await (this.#folder ??= openScratchFolder(this.#deps, "shared", reader.context.run));
    this.#files += 1;
    return await keepRows(reader, projection, join(path, String(this.#files)), signal);
  }
}

/** The moment that each stream shares with others of its model; of a model's only stream there is none. */
export function sharedMoments(deps: SyncDeps, streams: readonly Stream[]): ReadonlyMap<string, SharedMoment> {
  const moments = new Map<string, SharedMoment>();
  for (const { model } of streams.filter(({ delivery }) => delivery !== null)) {
    const together = streams.filter((stream) => stream.model === model);
    if (together.length < 2 || together.some(({ name }) => moments.has(name))) continue;
    const moment = new SharedMoment(deps, together);
    for (const { name } of together) moments.set(name, moment);
  }
  return moments;
}

function covers(kept: readonly Column[], wanted: readonly Column[]): boolean {
  const types = new Map(kept.map(({ name, type }) => [name, type]));
  return wanted.every(({ name, type }) => types.get(name) === type);
}

/** A query that the source will not answer however often it is asked. */
function isSources(error: unknown): boolean {
  return error instanceof SyncError && !isAbort(error) && error.code.startsWith("SOURCE_") && error.retry === "never";
}
