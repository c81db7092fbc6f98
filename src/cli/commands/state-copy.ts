import { relative } from "node:path";
import { statePlace } from "../../config/adapters.ts";
import { parseStatePlace } from "../../config/state-place.ts";
import { bytes, counted, placeText } from "../../core/readable.ts";
import type { StateSpec } from "../../core/types.ts";
import { copyState, type CopiedState } from "../../sync/copy-state.ts";
import { assembleOn } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { confirm } from "../confirm.ts";
import { openProject } from "../open-project.ts";
import { openStateRoot } from "../open-state.ts";

/** Copies the state root of the project to another place and closes it where it was. */
export async function copyStateRoot({ to }: { readonly to: string }, context: CommandContext): Promise<CommandOutcome> {
  const { host, signal } = context;
  const { project, warnings } = await openProject({ models: [], select: [], exclude: [], all: true }, "all", context);
  const spec = parseStatePlace(to, host.cwd);
  const name = placeText(statePlace(spec));
  const question =
    `Everything in ${placeText(statePlace(project.state))} is copied to ${name}, of all projects that keep their state there. ` +
    "Then nothing can be run from the old place any more, by nobody; it stays as it is, and can be deleted once you trust the new one.";
  await confirm(question, name, context);
  await using target = await openStateRoot(spec, signal);
  await using program = await assembleOn(await openStateRoot(project.state, signal), project, context);
  const copied = await copyState(program.deps, target, signal);
  return { warnings, data: copied, text: outcome(copied, folderIn(spec, project.root)) };
}

/** As it is to be written in config.yaml: a folder inside of the project relative to it. */
function folderIn(spec: StateSpec, root: string): string | null {
  if (spec.type !== "folder") return null;
  const path = relative(root, spec.path);
  return path.startsWith("..") ? spec.path : path;
}

function outcome({ from, to, repeated, streams, objects, bytes: size, unfinished, held }: CopiedState, folder: string | null): string {
  const lines = repeated
    ? [`${from} was copied to ${to} before; nothing was done.`]
    : [
        `Copied ${counted(objects, "object")} (${bytes(size)}) of ${counted(streams.length, "stream")} from ${from} to ${to}.`,
        ...(unfinished.length === 0 ? [] : [`Under way, and finished by the next run: ${unfinished.join(", ")}.`]),
        ...(held.length === 0 ? [] : [`Held, and waiting for an answer there: ${held.join(", ")}.`]),
      ];
  const value = folder ?? `${to}   # with the keys of the connection that --to had`;
  return [...lines, "Now write in config.yaml, on every host:", `  state: ${value}`].join("\n");
}
