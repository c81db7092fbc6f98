import { SyncError } from "../../core/errors.ts";
import { counted, placeText } from "../../core/readable.ts";
import type { Stream } from "../../core/types.ts";
import type { RunResult } from "../../sync/recorded-run.ts";
import { openDelivery, recoverStream, type OpenDelivery } from "../../sync/recover-stream.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { confirm } from "../confirm.ts";
import { openProject } from "../open-project.ts";
import { runData } from "../render/run-data.ts";
import { runSummary } from "../render/run-record.ts";
import { indent, table } from "../render/table.ts";
import { asSyncError } from "../report-error.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What is brought to its end, and how. */
export interface RecoverOptions {
  readonly choice: StreamChoice;
  /** The generation to give up; null: what is left is sent. */
  readonly abandon: number | null;
}

/** Shows open deliveries, asks, and brings them to their end; stops at the first that fails. */
export async function recoverState({ choice, abandon }: RecoverOptions, context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(choice, abandon === null ? "all" : "refuse", context);
  if (abandon !== null && streams.length !== 1) {
    throw new SyncError("USAGE", `--abandon is for one stream, and ${streams.length} were chosen.`, { hint: "Name one with -m." });
  }
  await using program = await assemble(project, context);
  const found: { readonly stream: Stream; readonly delivery: OpenDelivery }[] = [];
  for (const stream of streams) {
    const delivery = await openDelivery(program.deps, stream.name, context.signal);
    if (delivery !== null) found.push({ stream, delivery });
  }
  const chosen = abandon === null ? found.map(({ stream }) => stream) : streams;
  const shown = found.map(({ delivery }) => deliveryText(delivery)).join("\n");
  if (chosen.length === 0) return { warnings, data: { open: [], runs: [] }, text: "No delivery is under way." };
  await confirm(`${shown}\n${question(abandon)}`, chosen.map(({ name }) => name).join(", "), context);
  const results: RunResult[] = [];
  for (const stream of chosen) {
    const result = await recoverStream(program.deps, stream, { abandon }, context.signal);
    results.push(result);
    if (result.error !== null) break;
  }
  const failed = results.find(({ error }) => error !== null);
  return {
    warnings,
    data: { open: found.map(({ delivery }) => delivery), runs: results.map(({ record }) => runData(record)) },
    text: [shown, ...results.map(({ record }) => runSummary(record, context.paint))].filter((text) => text !== "").join("\n"),
    ...(failed === undefined ? {} : { error: asSyncError(failed.error) }),
  };
}

function question(abandon: number | null): string {
  return abandon === null
    ? "What is left is sent now, the same bytes at the same keys."
    : `Generation ${abandon} is given up: what of it arrived stays visible, and the next delta states its rows again.`;
}

function deliveryText({ stream, generation, run, at, destination, objects }: OpenDelivery): string {
  const done = objects.filter(({ confirmed }) => confirmed).length;
  const lines = objects.map(({ key, confirmed }) => [key, confirmed ? "arrived" : "not known"]);
  return `${stream}  gen ${generation} of run ${run}, planned ${at}, to ${placeText(destination)}: ${done} of ${counted(objects.length, "object")} arrived for certain\n${indent(table(lines))}`;
}
