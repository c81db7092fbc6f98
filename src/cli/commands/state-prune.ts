import { counted } from "../../core/readable.ts";
import { pruneStream } from "../../sync/prune-now.ts";
import type { Prunable } from "../../sync/prune-stream.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import type { Paint } from "../paint.ts";
import { indent } from "../render/table.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Lets go of what is older than `retention` keeps it, at once and whole; `dryRun`: tells what that is. */
export async function pruneState(
  { choice, dryRun }: { readonly choice: StreamChoice; readonly dryRun: boolean },
  context: CommandContext,
): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(choice, "all", context);
  await using program = await assemble(project, context);
  const pruned: Prunable[] = [];
  for (const stream of streams) {
    const one = await pruneStream(program.deps, stream, { dryRun }, context.signal);
    if (one !== null) pruned.push(one);
  }
  return {
    warnings,
    data: { dryRun, streams: pruned.map(dataOf) },
    text: pruned.length === 0 ? "nothing delivered yet" : pruned.map((one) => textOf(one, dryRun, context.paint)).join("\n"),
  };
}

function dataOf({ stream, retention, runs, triggers, held, staged, history, fold }: Prunable): unknown {
  return {
    stream,
    retentionMs: retention,
    runs: runs.map(({ run }) => run),
    triggers: triggers.length,
    held,
    staged: staged.map(({ run }) => run),
    horizon: history?.generation ?? null,
    files: history?.files ?? [],
    fold,
  };
}

function textOf({ stream, runs, triggers, held, staged, history, fold }: Prunable, dryRun: boolean, paint: Paint): string {
  const lines = [
    ...(runs.length === 0 ? [] : [`runs     ${counted(runs.length, "record")}, up to ${runs.at(-1)?.run ?? ""}`]),
    ...(triggers.length === 0 ? [] : [`runs     ${counted(triggers.length, "idempotency key")}`]),
    ...(history === null ? [] : [`log      ${counted(history.files.length, "file")}; history from generation ${history.generation + 1}`]),
    ...(fold ? ["log      folded into a new base, so that older deltas can go later"] : []),
    ...(staged.length === 0 ? [] : [`staging  of run ${staged.map(({ run }) => run).join(", ")}`]),
    ...(held.length === 0 ? [] : [`held     run ${held.join(", ")}: rejected`]),
  ];
  const what = lines.length === 0 ? "nothing is older than it is kept" : dryRun ? "would go:" : "gone:";
  return [`${paint.strong(stream)}  ${what}`, ...lines.map((line) => indent(line))].join("\n");
}
