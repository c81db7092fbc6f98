import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { StateSpec } from "../core/types.ts";
import { openFolderStore } from "../folder/folder-store.ts";
import type { S3Options } from "../s3/s3-options.ts";
import { refuseMovedRoot } from "../state/root-marks.ts";
import { asStateStore } from "./state-store-errors.ts";

/** Opens the state root of a project; the caller disposes it. STATE_MOVED when it went elsewhere; see `openStateRoot`. */
export async function openState(spec: StateSpec, signal: AbortSignal): Promise<ObjectStore> {
  const state = await openStateRoot(spec, signal);
  try {
    await refuseMovedRoot(state, signal);
    return state;
  } catch (error) {
    await state[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Opens a state root, also one that went elsewhere; the caller disposes it. STATE_CONDITIONS_IGNORED when it is a store whose create-once writes are not:
 * all that keeps two hosts from planning the same generation rests on them.
 */
export async function openStateRoot(spec: StateSpec, signal: AbortSignal): Promise<ObjectStore> {
  if (spec.type === "folder") return openFolderStore({ path: spec.path, role: "state" });
  const { openS3Store } = await import("../s3/s3-store.ts");
  // The configuration's schema made the options.
  const options = spec.options as S3Options;
  const store = openS3Store(options, { sessionName: "spillway-state" });
  const state = asStateStore(store);
  try {
    if ((await state.conditionalWrites(signal)) === "honoured") return state;
    throw new SyncError(
      "STATE_CONDITIONS_IGNORED",
      `The store of s3://${options.bucket} overwrites objects that are to be created only once.`,
    );
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens a state root that is only going to be read: nothing is probed by writing. STATE_MOVED when it went elsewhere; the caller disposes it. */
export async function openStateToRead(spec: StateSpec, signal: AbortSignal): Promise<ObjectStore> {
  const state = await openForReading(spec);
  try {
    await refuseMovedRoot(state, signal);
    return state;
  } catch (error) {
    await state[Symbol.asyncDispose]();
    throw error;
  }
}

async function openForReading(spec: StateSpec): Promise<ObjectStore> {
  if (spec.type === "folder") return openFolderStore({ path: spec.path, role: "state" });
  const { openS3Store } = await import("../s3/s3-store.ts");
  return asStateStore(openS3Store(spec.options as S3Options, { sessionName: "spillway-read-only" }));
}
