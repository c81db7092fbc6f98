import { z } from "zod";
import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import { type Move, type MovedMark, movedSchema } from "./documents.ts";
import { createDocument, readDocument } from "./state-store.ts";

// What is to be known of a state root as a whole. No stream's name begins with an underscore.

/** Folder of what belongs to no stream. */
export const ROOT_PREFIX = "_spillway/";
const MOVED = `${ROOT_PREFIX}moved.json`;
const COPYING = `${ROOT_PREFIX}copying.json`;
const COPIED = `${ROOT_PREFIX}copied.json`;

const copySchema = z
  .strictObject({ format: z.literal("spillway/copy/1"), from: z.string(), run: z.string(), at: z.iso.datetime() })
  .readonly();
export type CopyMark = z.infer<typeof copySchema>;

/** What the marks of a root say: where it went, and of which root it is a copy. */
export interface RootMarks {
  readonly moved: MovedMark | null;
  readonly copying: CopyMark | null;
  readonly isCopied: boolean;
}

/** Reads the marks of a root; one listing where it has none. */
export async function readRootMarks(store: ObjectStore, signal: AbortSignal): Promise<RootMarks> {
  const keys = await store.list(ROOT_PREFIX, signal);
  return {
    moved: keys.includes(MOVED) ? await readDocument(store, MOVED, movedSchema, signal) : null,
    copying: keys.includes(COPYING) ? await readDocument(store, COPYING, copySchema, signal) : null,
    isCopied: keys.includes(COPIED),
  };
}

/** Marks a root as one that went elsewhere; of several who do so, one is heard, and all are told where it went. */
export async function markMoved(store: ObjectStore, mark: MovedMark, signal: AbortSignal): Promise<MovedMark> {
  if ((await createDocument(store, MOVED, mark, signal)) === "created") return mark;
  return (await readDocument(store, MOVED, movedSchema, signal)) ?? mark;
}

/** Marks a root as a copy that is not finished. */
export async function markCopying(store: ObjectStore, mark: CopyMark, signal: AbortSignal): Promise<void> {
  await createDocument(store, COPYING, mark, signal);
}

/** Marks a copy as finished: from here on it is the root. */
export async function markCopied(store: ObjectStore, mark: CopyMark, signal: AbortSignal): Promise<void> {
  await createDocument(store, COPIED, mark, signal);
}

/** Refuses a root that went elsewhere, and a copy that is not finished. */
export async function refuseMovedRoot(store: ObjectStore, signal: AbortSignal): Promise<void> {
  const { moved, copying, isCopied } = await readRootMarks(store, signal);
  if (moved !== null) throw stateMoved(null, moved);
  if (copying === null || isCopied) return;
  throw new SyncError(
    "STATE_COPY_UNFINISHED",
    `This state root is a copy of ${copying.from} that was begun at ${copying.at} and not finished.`,
    {
      hint: `With the configuration that names ${copying.from}, run \`sync state copy --to\` with this place again: it goes on where it stood.`,
      context: { from: copying.from },
    },
  );
}

/** The refusal of a root that went elsewhere; `stream`: who found it out, or null. */
export function stateMoved(stream: string | null, { to, at }: Move): SyncError {
  return new SyncError(
    "STATE_MOVED",
    `${stream === null ? "This state root" : `The state of ${stream}`} was moved to ${to} at ${at}. Nothing was done here.`,
    {
      hint: `Set \`state: ${to}\` in config.yaml (in the target, where \`--target\` names one). Was the copy interrupted? \`sync state copy --to ${to}\` finishes it.`,
      context: { to, ...(stream === null ? {} : { stream }) },
    },
  );
}
