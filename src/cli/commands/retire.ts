import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import type { Project, Stream } from "../../core/types.ts";
import type { RunResult } from "../../sync/recorded-run.ts";
import { hasState, retireOrphan } from "../../sync/retire-orphan.ts";
import { planRetirement, retireStream, lookAtRetirement, type Retirement } from "../../sync/retire-stream.ts";
import type { SyncDeps } from "../../sync/sync-deps.ts";
import { assemble } from "../assemble.ts";
import { resultsOutcome } from "../change-state.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { confirm } from "../confirm.ts";
import { type OpenedProject, openProject } from "../open-project.ts";
import { personAt } from "../person-at.ts";
import { planText } from "../render/plan-preview.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What `sync retire` was asked for. */
export interface RetireCommand {
  readonly choice: StreamChoice;
  /** Show what would be delivered, and do nothing. */
  readonly dryRun: boolean;
  /** Close, and deliver nothing. */
  readonly withoutRemovals: boolean;
}

const SAMPLES = 3;

/** Delivers removals for every row that the chosen streams told, and closes them. */
export async function retire(options: RetireCommand, context: CommandContext): Promise<CommandOutcome> {
  const opened = await openOrOrphan(options, context);
  if ("orphan" in opened) return await retireUnknown(opened.project, opened.orphan, options, context);
  const { project, streams, warnings } = opened;
  await using program = await assemble(project, context);
  const found: { readonly stream: Stream; readonly look: Retirement }[] = [];
  for (const stream of streams)
    found.push({ stream, look: await lookAtRetirement(program.deps, stream, options.withoutRemovals, context.signal) });
  if (options.dryRun) return { warnings, ...(await dryRun(program.deps, found, context)) };
  const open = found.filter(({ look }) => !look.isClosed);
  const said = found.filter(({ look }) => look.isClosed).map(({ look }) => `${look.stream} is retired already.`);
  if (open.length === 0) return { warnings, data: { runs: [] }, text: said.join("\n") };
  await confirm(
    open.map(({ stream, look }) => lookText(stream, look)).join("\n"),
    open.map(({ stream }) => stream.name).join(", "),
    context,
  );
  const results: RunResult[] = [];
  for (const { stream, look } of open) {
    const how = { by: personAt(context.host), rows: look.rows, withoutRemovals: options.withoutRemovals };
    const result = await retireStream(program.deps, stream, how, context.signal);
    results.push(result);
    if (result.error !== null) break;
  }
  const outcome = resultsOutcome(results, open.length, context);
  return { warnings, ...outcome, text: [...said, outcome.text, ...nextSteps(results)].join("\n") };
}

function lookText({ destination, name }: Stream, { rows, closesOnly }: Retirement): string {
  if (closesOnly !== null) return `${name} is closed and delivers nothing more. No removals are delivered: ${closesOnly}.`;
  const told = rows === null ? "Every row" : counted(rows, "row");
  return `${told} of ${name} ${rows === 1 ? "is" : "are"} removed at ${destination.name}, then ${name} is closed and delivers nothing more.`;
}

function nextSteps(results: readonly RunResult[]): readonly string[] {
  const closed = results.filter(({ record, error }) => error === null && record.status !== "superseded").map(({ record }) => record.stream);
  return closed.length === 0
    ? []
    : [`Closed: ${closed.join(", ")}. Model files can be taken away; the state stays for \`history\`, \`row\` and \`verify\`.`];
}

async function dryRun(
  deps: SyncDeps,
  found: readonly { readonly stream: Stream; readonly look: Retirement }[],
  { paint, signal }: CommandContext,
): Promise<CommandOutcome> {
  const texts: string[] = [];
  const plans: unknown[] = [];
  for (const { stream, look } of found) {
    if (look.closesOnly !== null || look.isClosed) {
      plans.push(look);
      texts.push(look.isClosed ? `${stream.name} is retired already.` : lookText(stream, look));
      continue;
    }
    const { planFile: _, ...plan } = await planRetirement(deps, stream, SAMPLES, signal);
    plans.push({ ...look, plan });
    texts.push(planText({ ...plan, planFile: null }, `-> ${stream.destination.name} (${stream.destination.type})`, paint));
  }
  return { data: { retirements: plans }, text: texts.join("\n\n") };
}

/** A stream that the configuration does not know may still be one that the state does. */
async function openOrOrphan(
  { choice }: RetireCommand,
  context: CommandContext,
): Promise<OpenedProject | { readonly project: Project; readonly orphan: string }> {
  try {
    return await openProject(choice, "refuse", context);
  } catch (error) {
    const [name, ...others] = choice.models;
    if (!(error instanceof SyncError) || error.code !== "STREAM_UNKNOWN" || name === undefined || others.length > 0) throw error;
    const { project } = await openProject({ models: [], select: [], exclude: [], all: true }, "all", context);
    await using program = await assemble(project, context);
    if (!(await hasState(program.deps, name, context.signal))) throw error;
    return { project, orphan: name };
  }
}

async function retireUnknown(
  project: Project,
  stream: string,
  { dryRun: isDry, withoutRemovals }: RetireCommand,
  context: CommandContext,
): Promise<CommandOutcome> {
  if (!withoutRemovals) {
    throw new SyncError(
      "STREAM_UNKNOWN",
      `${stream} has a state and no model file, so what its files look like and where they go is not known.`,
      {
        hint: `Bring its model file back (\`enabled: false\` is enough) and retire it then; or close it and deliver nothing: \`sync retire -m ${stream} --without-removals\`.`,
        context: { stream },
      },
    );
  }
  const text = `${stream} is closed; no removals are delivered. A new model of this name will not be taken for it.`;
  if (isDry) return { data: { retirements: [{ stream }] }, text };
  await confirm(text, stream, context);
  await using program = await assemble(project, context);
  const closing = await retireOrphan(program.deps, stream, personAt(context.host), context.signal);
  return { data: { retired: [{ stream, ...closing }] }, text: `Closed: ${stream}.` };
}
