import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { absoluteState, stateSchema } from "../config/adapters.ts";
import { makeFolder } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { Project, StateSpec } from "../core/types.ts";
import { openFolderStore } from "../folder/folder-store.ts";
import type { S3Options } from "../s3/s3-options.ts";
import { assembleOn, type Program } from "./assemble.ts";
import type { CommandContext } from "./command.ts";
import { layeredStore, placeAlone } from "./layered-store.ts";
import { openStateToRead } from "./open-state.ts";

/**
 * The program for a command that may change nothing: the state root is only read, destinations are not touched at all, and what has to be
 * written lies in a folder of its own on this machine, which goes when the program is disposed.
 */
export async function assembleReadOnly(project: Project, context: CommandContext): Promise<Program> {
  const folder = await ownFolder(project);
  try {
    const below = await openStateToRead(project.state, context.signal);
    const state = layeredStore(below, openFolderStore({ path: join(folder, "state"), role: "state" }));
    const moved = { ...project, engine: { ...project.engine, tempDirectory: join(folder, "tmp") } };
    const program = await assembleOn(state, moved, context);
    const deps: Program["deps"] = {
      ...program.deps,
      openDestination: async (spec, opening, signal) => {
        await using destination = await program.deps.openDestination(spec, opening, signal);
        return placeAlone(destination);
      },
    };
    return {
      deps,
      [Symbol.asyncDispose]: async () => {
        await program[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Beside other temporary files, unless those lie in the state root. */
async function ownFolder({ engine, state }: Project): Promise<string> {
  const isInState = state.type === "folder" && !relative(state.path, engine.tempDirectory).startsWith("..");
  const parent = isInState ? tmpdir() : engine.tempDirectory;
  await makeFolder(parent);
  return await mkdtemp(join(parent, "spillway-read-only-"));
}

/** The project with the state root that `--state` names; the keys of its connection are those of the configuration when that names the same place. */
export function withState(project: Project, written: string, cwd: string): Project {
  const parsed = stateSchema.safeParse(written);
  if (!parsed.success) {
    throw new SyncError("USAGE", `--state ${written}: ${parsed.error.issues[0]?.message ?? "it is no state root"}.`, {
      hint: "Name a folder or s3://bucket/prefix.",
    });
  }
  const state = absoluteState(parsed.data, { folder: cwd, resolve: (path) => resolve(cwd, path) });
  return { ...project, state: isSamePlace(state, project.state) ? project.state : state };
}

function isSamePlace(one: StateSpec, other: StateSpec): boolean {
  if (one.type === "folder" || other.type === "folder") return false;
  // The schema of the configuration made both.
  const [a, b] = [one.options as S3Options, other.options as S3Options];
  return a.bucket === b.bucket && a.prefix === b.prefix;
}
