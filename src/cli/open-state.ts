import type { ObjectStore } from "../core/ports.ts";
import type { StateSpec } from "../core/types.ts";
import { openFolderStore } from "../folder/folder-store.ts";

/** Opens the state root of a project; the caller disposes it. */
export function openState(spec: StateSpec): ObjectStore {
  return openFolderStore({ path: spec.path, role: "state" });
}
