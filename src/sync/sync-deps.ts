import type { Clock } from "../core/clock.ts";
import type { Delta, ResolvedMapping, Snapshot, StagedFile } from "../core/delta.ts";
import type { Log } from "../core/log.ts";
import type { ObjectStore, Source, SqlSession } from "../core/ports.ts";
import type { Column, DestinationSpec, SourceSpec, Stream } from "../core/types.ts";
import type { DeltaRequest } from "../diffing/delta-request.ts";
import type { Engine } from "../engine/open-engine.ts";
import type { FilesRequest } from "../files/write-files.ts";
import type { Plan } from "../state/documents.ts";
import type { LeaseOwner } from "../state/lease.ts";
import type { SharedMoment } from "./shared-moment.ts";

/** What a run asks of the parts that know SQL and files; `runParts` holds the real ones. */
export interface RunParts {
  resolveMapping(stream: Stream, columns: readonly Column[]): ResolvedMapping;
  computeDelta(session: SqlSession, request: DeltaRequest, signal: AbortSignal): Promise<Delta>;
  foldBase(session: SqlSession, snapshot: Snapshot, path: string, signal: AbortSignal): Promise<{ readonly rows: bigint }>;
  writeFiles(session: SqlSession, request: FilesRequest, signal: AbortSignal): Promise<readonly StagedFile[]>;
  /** The manifest's key and bytes, the same for the same facts. */
  manifest(facts: ManifestFacts): { readonly key: string; readonly bytes: Buffer };
  /** The key of the object that follows the files of a generation; null when there is none. */
  doneKey(stream: Stream, values: { readonly generation: number; readonly run: string; readonly scheduledAt: Date }): string | null;
  /** The claim's key and bytes, the same for the same state. */
  claim(stream: string, stateId: string): { readonly key: string; readonly bytes: Buffer };
}

/** What a manifest tells. */
export interface ManifestFacts {
  readonly plan: Omit<Plan, "manifest">;
  readonly stream: Stream;
  readonly mapping: Pick<ResolvedMapping, "header" | "outputs" | "removed">;
  /** Of the manifest delivered before this one; null for the first. */
  readonly previous: { readonly generation: number; readonly sha256: string } | null;
}

/** Everything that a run takes from the program around it. */
export interface SyncDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The state root; whoever made it disposes it. */
  readonly state: ObjectStore;
  /** Absolute folder on this machine for what a remote state root cannot hold: unfinished files, downloaded bases. */
  readonly scratch: string;
  readonly owner: LeaseOwner;
  /** How long a lease lasts that is not renewed. */
  readonly leaseTtlMs: number;
  readonly parts: RunParts;
  /** What the stream shares with others of its model that run beside it; absent: nothing. */
  readonly together?: SharedMoment;
  /** Ids that sort by the time at which they were made; letters and digits only. */
  newRunId(): string;
  newStateId(): string;
  openEngine(signal: AbortSignal): Promise<Engine>;
  openSource(
    spec: SourceSpec,
    context: { readonly engine: Engine; readonly stream: string; readonly run: string },
    signal: AbortSignal,
  ): Promise<Source>;
  openDestination(
    spec: DestinationSpec,
    /** `generation`: the one that is delivered first; null where it is not known. */
    context: { readonly stream: string; readonly run: string; readonly generation: number | null },
    signal: AbortSignal,
  ): Promise<ObjectStore>;
}
