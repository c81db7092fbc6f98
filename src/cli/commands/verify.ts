import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import { type StreamVerification, verifyStream } from "../../sync/verify-stream.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { differenceText, verificationText } from "../render/verification.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What `sync verify` was asked for. */
export interface VerifyProjectOptions {
  readonly choice: StreamChoice;
  readonly generation: number | null;
  readonly last: number;
}

/** Compares the state's files, and delivered objects where they may be read, with what is on record; changes nothing. */
export async function verifyProject(options: VerifyProjectOptions, context: CommandContext): Promise<CommandOutcome> {
  const { choice, generation, last } = options;
  const { project, streams, warnings } = await openProject(choice, "all", context);
  await using program = await assemble(project, context);
  const verified: StreamVerification[] = [];
  for (const stream of streams) verified.push(await verifyStream(program.deps, stream, { generation, last }, context.signal));
  const error = verdict(verified);
  return {
    warnings,
    data: { streams: verified },
    text: verified.map((one) => verificationText(one, context.paint)).join("\n"),
    ...(error === null ? {} : { error }),
  };
}

function verdict(verified: readonly StreamVerification[]): SyncError | null {
  const damaged = verified.flatMap(({ files }) => files.filter(({ status }) => status === "damaged"));
  if (damaged.length > 0) {
    const keys = damaged.map(({ key }) => key);
    return new SyncError(
      "STATE_DAMAGED",
      `${counted(keys.length, "file")} of the state root differ from what was written: ${keys.join(", ")}.`,
      {
        context: { keys },
      },
    );
  }
  return tableVerdict(verified) ?? historyVerdict(verified) ?? objectVerdict(verified);
}

function tableVerdict(verified: readonly StreamVerification[]): SyncError | null {
  for (const { stream, fold, deltas } of verified) {
    const odd = deltas.filter(({ status }) => status === "differs").map(({ generation }) => String(generation));
    if (fold?.status !== "differs" && odd.length === 0) continue;
    const [told] = fold?.toldIn ?? [];
    const where = told === undefined ? "" : `, last told by generation ${told.generation}`;
    const what = [
      ...(fold?.status === "differs" ? [`the stored deltas give another table than its snapshot (${differenceText(fold)}${where})`] : []),
      ...(odd.length > 0 ? [`the stored delta of generation ${odd.join(", ")} gives other files than were delivered`] : []),
    ];
    const restore = `Restore ${stream}/log from a backup of the state root`;
    return new SyncError("SNAPSHOT_DIFFERS", `Of ${stream}, ${what.join(", and ")}, although every hash is right.`, {
      hint:
        odd.length > 0
          ? `${restore}. Without one, \`sync run -m ${stream} --full-resync\` tells every row anew.`
          : `\`sync state repair -m ${stream} --from-deltas\` puts the snapshot together from the deltas, which their plans prove.`,
      context: { stream },
    });
  }
  return null;
}

function historyVerdict(verified: readonly StreamVerification[]): SyncError | null {
  const broken = verified.flatMap(({ fold }) => fold?.broken ?? []);
  if (broken.length === 0) return null;
  const keys = broken.map(({ key }) => key);
  const them = broken.map(({ generation, key, status }) => `${key} (generation ${generation}, ${status})`);
  return new SyncError("HISTORY_DAMAGED", `${counted(keys.length, "stored delta")} of the past cannot be read: ${them.join(", ")}.`, {
    context: { keys },
  });
}

function objectVerdict(verified: readonly StreamVerification[]): SyncError | null {
  const changed = verified.flatMap(({ stream, objects }) =>
    objects.filter(({ status }) => status === "changed").map(({ key, generation }) => ({ stream, key, generation })),
  );
  const [first] = changed;
  if (first === undefined) return null;
  const them = changed.map(({ key, generation }) => `${key} (generation ${generation})`).join(", ");
  return new SyncError("OBJECT_CHANGED", `At the destination, other bytes stand than were delivered: ${them}.`, {
    hint: `Find out who writes there: Spillway never replaces a delivered object. Once such an object is moved away, \`sync replay -m ${first.stream} --generation ${first.generation} --same-keys\` puts the bytes back that were delivered.`,
    context: { keys: changed.map(({ key }) => key) },
  });
}
