import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import { LOADER_FILES } from "../../files/kit/kit-loaders.ts";
import { makeKit, type Kit } from "../../sync/make-kit.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";

/** What a kit is asked for with. */
export interface KitOptions {
  readonly stream: string;
  /** null: `kit/<stream>`. */
  readonly out: string | null;
  readonly force: boolean;
}

/** Writes what a partner needs to read a stream's files: a readme, schemas, made-up samples, and loaders. */
export async function writeKit({ stream: name, out, force }: KitOptions, context: CommandContext): Promise<CommandOutcome> {
  const { host, signal } = context;
  const { project, streams, warnings } = await openProject({ models: [name], select: [], exclude: [], all: false }, "refuse", context);
  const [stream, second] = streams;
  if (stream === undefined || second !== undefined) {
    throw new SyncError("USAGE", `A kit is for one stream, and "${name}" names ${streams.length}.`, {
      hint: `Name one of ${streams.map((each) => each.name).join(", ")}.`,
    });
  }
  const folder = resolve(host.cwd, out ?? join("kit", stream.name));
  const shown = relative(host.cwd, folder) || ".";
  const before = await namesIn(folder, shown);
  if (before.length > 0 && !force) throw inUse(shown);
  await using program = await assemble(project, context);
  await mkdir(program.deps.scratch, { recursive: true });
  const scratch = await mkdtemp(join(program.deps.scratch, "kit-"));
  try {
    const [node, pandas] = await Promise.all(
      (["node", "pandas"] as const).map((loader) => readFile(join(host.packageRoot, "templates/kit", LOADER_FILES[loader]), "utf8")),
    );
    const kit = await makeKit(program.deps, stream, { node: node ?? "", pandas: pandas ?? "" }, scratch, signal);
    if (before.includes("kit.json")) await dropKit(folder);
    await writeFiles(kit, folder, signal);
    const data = { ...kit, folder, files: kit.files.map(({ key }) => key) };
    return { warnings, data, text: textOf(kit, shown) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function namesIn(folder: string, shown: string): Promise<readonly string[]> {
  return await readdir(folder).catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw new SyncError("USAGE", `${shown} is no folder that can be read.`, { hint: "Name another with --out.", cause });
  });
}

function inUse(shown: string): SyncError {
  return new SyncError("KIT_FOLDER_IN_USE", `${shown} holds something already.`, {
    hint: "Name another folder with --out, or say --force: a kit that lies there is then replaced.",
    context: { folder: shown },
  });
}

/** So that no loader stays behind that the stream's files have outgrown. */
async function dropKit(folder: string): Promise<void> {
  for (const name of ["samples", "schema", ...Object.values(LOADER_FILES)]) await rm(join(folder, name), { recursive: true, force: true });
}

async function writeFiles(kit: Kit, folder: string, signal: AbortSignal): Promise<void> {
  for (const { key, content } of kit.files) {
    signal.throwIfAborted();
    const path = join(folder, key);
    await mkdir(dirname(path), { recursive: true });
    await ("path" in content ? cp(content.path, path) : writeFile(path, content.bytes));
  }
}

function textOf(kit: Kit, shown: string): string {
  const lines = kit.loaders.map(({ name, file, objection }) => `  ${name.padEnd(8)}  ${file ?? `not here: ${objection ?? ""}`}`);
  return [
    `The kit of ${kit.stream} is in ${shown} (${counted(kit.files.length, "file")}; begin with README.md).`,
    "Loaders:",
    ...lines,
  ].join("\n");
}
