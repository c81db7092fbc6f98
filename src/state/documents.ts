import { z } from "zod";
import { CHANGE_KINDS } from "../core/types.ts";

// The documents of the state root, version 1 each. They are read strictly: what an older or newer program wrote and this one does
// not know must stop it, not be guessed at. docs/state-format.md describes them.

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const instant = z.iso.datetime();
const columnKind = z.enum(["integer", "decimal", "float", "boolean", "date", "time", "timestamp", "timestamp_tz", "bytes", "json", "text"]);

const place = z.strictObject({ type: z.string(), endpoint: z.string(), bucket: z.string(), prefix: z.string() }).readonly();

const layout = z
  .strictObject({
    salt: z.string().regex(/^(?:[\w-]{5}|[0-9a-f]{32})$/u),
    canonicalVersion: z.int(),
    columns: z.array(z.strictObject({ name: z.string(), type: z.string(), kind: columnKind }).readonly()).readonly(),
    keyCount: count,
    ignoredCount: count,
    outputs: z.array(z.strictObject({ name: z.string(), kind: columnKind, ignored: z.boolean() }).readonly()).readonly(),
    mapping: z.string(),
    changes: z.array(z.enum(CHANGE_KINDS)).readonly(),
  })
  .readonly();

/** A file of the state root: its bytes, and the names of the outputs that it holds. */
export const fileRef = z.strictObject({ key: z.string(), size: count, sha256, outputs: z.array(z.string()).readonly() }).readonly();

const identity = z
  .strictObject({
    destination: place,
    source: z.strictObject({ type: z.string(), name: z.string() }).readonly(),
    key: z.array(z.string()).readonly(),
    mode: z.enum(["delta", "full", "append"]),
    /** Mode append: the column that rows are found by. */
    cursor: z.string().optional(),
  })
  .readonly();

/** How far an event table was read, and from when on its rows are remembered; `output` holds the cursor of each. */
const watermark = z.strictObject({ output: z.string(), upTo: instant, from: instant }).readonly();

// Why an entry of CURRENT was written.
const SWAP_REASONS = [
  "opened",
  "promoted",
  "refreshed",
  "folded",
  "baselined",
  "voided",
  "abandoned",
  "reset",
  "repaired",
  "retired",
  "reopened",
  "moved",
  "pruned",
  "forgotten",
] as const;

/** A stream that was closed: by whom and when; only a full resync opens it again. */
const closing = z.strictObject({ by: z.string(), at: instant }).readonly();
export type Closing = z.infer<typeof closing>;

/** Where a state root went, and when. */
const move = z.strictObject({ to: z.string(), at: instant }).readonly();
export type Move = z.infer<typeof move>;

/** Of an audience model: how many members of each audience the destination was told of. */
const members = z.array(z.strictObject({ audience: z.string(), rows: count }).readonly()).readonly();

/** How objects were named (the keys of `file` that decide it). */
const names = z
  .strictObject({
    folder: z.string(),
    name: z.string(),
    extension: z.string(),
    splitBy: z.array(z.string()).readonly(),
    groups: z.array(z.strictObject({ name: z.string(), kinds: z.array(z.enum(CHANGE_KINDS)).readonly() }).readonly()).readonly(),
    overwrite: z.boolean(),
    doneFile: z.string().nullable(),
  })
  .readonly();
export type Names = z.infer<typeof names>;

/** CURRENT: what the destination of a stream has been told. */
export const currentSchema = z
  .strictObject({
    format: z.literal("spillway/current/1"),
    seq: count,
    generation: count,
    stateId: z.uuid(),
    reason: z.enum(SWAP_REASONS),
    run: z.string(),
    at: instant,
    identity,
    layout: layout.nullable(),
    rows: count.nullable(),
    base: fileRef.nullable(),
    log: z.array(fileRef).readonly(),
    uncertain: z.array(fileRef).readonly(),
    abandoned: z.array(count).readonly(),
    resetSeq: count.nullable(),
    manifest: z.strictObject({ generation: count, sha256 }).readonly().nullable(),
    watermark: watermark.optional(),
    members: members.optional(),
    /** The newest generation that tells the whole table, and the instant up to which slots of checkpoints are thereby done with. */
    whole: z.strictObject({ generation: z.int().positive(), at: instant }).readonly().optional(),
    /** How far back the history is kept: the deltas of later generations, over the table that was told with this one (null: the next delta is a whole table). */
    horizon: z.strictObject({ generation: count, base: fileRef.nullable() }).readonly().optional(),
    /** One entry for each change of names, with the generation that it began with. */
    names: z
      .array(z.strictObject({ from: count, names }).readonly())
      .readonly()
      .optional(),
    retired: closing.optional(),
    /** The last entry of a root that was copied elsewhere: nothing is ever told from here again. */
    moved: move.optional(),
  })
  .readonly();
export type Current = z.infer<typeof currentSchema>;

const counts = z
  .strictObject({
    added: count,
    changed: count,
    removed: count,
    full: count,
    refreshed: count,
    unchanged: count,
    current: count,
    snapshotAfter: count,
  })
  .readonly();

const plannedObject = z
  .strictObject({
    key: z.string(),
    /** A kind of change, or the name of a group of them. */
    change: z.string(),
    split: z.record(z.string(), z.string().nullable()).readonly().optional(),
    part: z.int().positive(),
    rows: count,
    size: count,
    sha256,
    staged: z.string(),
    /** It may take the place of an object at its key. */
    overwrite: z.literal(true).optional(),
  })
  .readonly();

/** What a scheduled instant is called in its zone. */
const scheduled = z.strictObject({ wall: z.string(), zone: z.string() }).readonly();

const changedColumns = z.array(z.strictObject({ name: z.string(), rows: count }).readonly()).readonly();

// delta: what changed. full: every row. checkpoint: what changed, and beside it every row.
const generationKind = z.enum(["delta", "full", "checkpoint"]);
export type GenerationKind = z.infer<typeof generationKind>;

/** A plan: the exact bytes of one generation, and what CURRENT becomes when all of them have arrived. */
export const planSchema = z
  .strictObject({
    format: z.literal("spillway/plan/1"),
    stream: z.string(),
    generation: z.int().positive(),
    seq: count,
    stateId: z.uuid(),
    run: z.string(),
    at: instant,
    /** The instant that the run stands for: its scheduled one, or when it began. */
    slot: instant,
    /** Only where a schedule named the slot. */
    scheduled: scheduled.optional(),
    kind: generationKind,
    /** Only where the generation tells the whole table: the instant up to which slots of checkpoints are done with by it. */
    wholeAt: instant.optional(),
    identity,
    replaces: z.boolean(),
    objects: z.array(plannedObject).readonly(),
    /** An empty object that says that the others stand; behind them, before the manifest. */
    done: z.strictObject({ key: z.string(), size: count, sha256, staged: z.string() }).readonly().optional(),
    manifest: z.strictObject({ key: z.string(), size: count, sha256, staged: z.string() }).readonly().nullable(),
    delta: fileRef,
    wholeSnapshot: z.boolean(),
    layout,
    states: z.array(z.string()).readonly(),
    counts,
    changedColumns,
    watermark: watermark.optional(),
    members: members.optional(),
    names: names.optional(),
    /** The stream is closed once this has arrived. */
    closes: closing.optional(),
  })
  .readonly();
export type Watermark = z.infer<typeof watermark>;
export type Plan = z.infer<typeof planSchema>;
export type FileRef = z.infer<typeof fileRef>;
export type StreamIdentity = z.infer<typeof identity>;
export type StoredCounts = z.infer<typeof counts>;

/** Stands where a plan or a mark could still be made in a root that was copied elsewhere, so that none is. */
export const movedSchema = z.strictObject({ format: z.literal("spillway/moved/1"), run: z.string(), ...move.unwrap().shape }).readonly();
export type MovedMark = z.infer<typeof movedSchema>;

/** Beside staged bytes: what they were made for, so that they are deleted only once they can no longer be planned. */
export const stageSchema = z
  .strictObject({
    format: z.literal("spillway/stage/1"),
    run: z.string(),
    generation: z.int().positive(),
    seq: count,
    /** When it was begun; absent where an older program did. */
    at: instant.optional(),
  })
  .readonly();

/** One entry of a lease's sequence. */
export const leaseSchema = z
  .strictObject({
    format: z.literal("spillway/lease/1"),
    run: z.string(),
    host: z.string(),
    instance: z.string(),
    pid: z.int(),
    at: instant,
    ttlMs: count,
    released: z.boolean(),
  })
  .readonly();
export type Lease = z.infer<typeof leaseSchema>;

// `unfinished`: it began, and nothing is known of its end. `superseded`: another run delivered this generation first.
// `held`: it waits for an answer; `approved` (another run delivered its bytes) and `rejected` are the answers.
const RUN_STATUSES = [
  "delivered",
  "unchanged",
  "baselined",
  "reset",
  "recovered",
  "abandoned",
  "repaired",
  "retired",
  "forgotten",
  "held",
  "approved",
  "rejected",
  "superseded",
  "busy",
  "failed",
  "interrupted",
  "unfinished",
] as const;

/** A run as people look back on it. */
export const runRecordSchema = z
  .strictObject({
    format: z.literal("spillway/run/1"),
    run: z.string(),
    stream: z.string(),
    status: z.enum(RUN_STATUSES),
    generation: count.nullable(),
    /** Of the generation, once it is known. */
    kind: generationKind.optional(),
    slot: instant.nullable(),
    /** Only where a schedule named the slot. */
    scheduled: scheduled.optional(),
    startedAt: instant,
    endedAt: instant.nullable(),
    /** The run that finished this one's delivery. */
    finishedBy: z.string().nullable(),
    /** Of a run that was held: who answered, and why. */
    decision: z.strictObject({ by: z.string(), reason: z.string().nullable(), at: instant }).readonly().optional(),
    phases: z.array(z.strictObject({ phase: z.string(), ms: count }).readonly()).readonly(),
    /** Only where deliveries of one model ran together: the run whose moment of the source this one read, and the one that extracted its rows. */
    reading: z.strictObject({ moment: z.string(), extraction: z.string() }).readonly().optional(),
    counts: counts.nullable(),
    changedColumns,
    files: z.array(z.strictObject({ key: z.string(), change: z.string(), rows: count, size: count, sha256 }).readonly()).readonly(),
    manifest: z.string().nullable(),
    destination: place.nullable(),
    warnings: z.array(z.string()).readonly(),
    error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().nullable() }).readonly().nullable(),
  })
  .readonly();
export type RunRecord = z.infer<typeof runRecordSchema>;
export type RunStatus = RunRecord["status"];
export type Reading = NonNullable<RunRecord["reading"]>;
