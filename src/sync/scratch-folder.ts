import { chmod, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../core/durable-file.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** What a killed process left is not looked at again; a day is longer than any look takes. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Gives work a folder of its own on this machine, gone when it ends; what killed ones of the same kind left goes after a day. */
export async function withScratchFolder<T>(
  { scratch, clock, newRunId }: Pick<SyncDeps, "scratch" | "clock" | "newRunId">,
  kind: "replay" | "verify",
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await using folder = await openScratchFolder({ scratch, clock }, kind, newRunId());
  return await work(folder.path);
}

/** Makes such a folder, which goes when it is disposed; rows may lie in it, so nobody else may look. */
export async function openScratchFolder(
  { scratch, clock }: Pick<SyncDeps, "scratch" | "clock">,
  kind: "replay" | "verify" | "shared",
  id: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  const before = clock.now().getTime() - ABANDONED_MS;
  for (const name of await readdir(scratch).catch(() => [])) {
    const left = join(scratch, name);
    if (name.startsWith(`${kind}-`) && ((await stat(left).catch(() => null))?.mtimeMs ?? before) < before)
      await rm(left, { recursive: true, force: true });
  }
  const path = join(scratch, `${kind}-${id}`);
  await makeFolder(path);
  await chmod(path, 0o700);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
