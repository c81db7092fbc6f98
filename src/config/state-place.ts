import { resolve } from "node:path";
import { parse } from "yaml";
import { SyncError } from "../core/errors.ts";
import type { StateSpec } from "../core/types.ts";
import { absoluteState, stateSchema } from "./adapters.ts";

/** A state root as a command line names it: a folder (relative to `folder`), `s3://bucket/prefix`, or the keys of `state` in braces, as config.yaml has them. */
export function parseStatePlace(text: string, folder: string): StateSpec {
  const parsed = stateSchema.safeParse(text.trim().startsWith("{") ? written(text) : text);
  if (parsed.success) return absoluteState(parsed.data, { folder, resolve: (path) => resolve(folder, path) });
  throw new SyncError("USAGE", `--to names no place for a state: ${parsed.error.issues[0]?.message ?? "it cannot be read"}.`, {
    hint: "Write a folder, s3://bucket/prefix, or what will stand at `state` in config.yaml: '{url: s3://bucket/prefix, region: eu-central-1}'.",
  });
}

function written(text: string): unknown {
  try {
    return parse(text);
  } catch {
    throw new SyncError("USAGE", "What --to has in braces is no YAML.", { hint: "--to '{url: s3://bucket/prefix, region: eu-central-1}'" });
  }
}
