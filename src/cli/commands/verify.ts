import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import { type StreamVerification, verifyStream } from "../../sync/verify-stream.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { verificationText } from "../render/verification.ts";
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
  const changed = verified.flatMap(({ objects }) => objects.filter(({ status }) => status === "changed"));
  if (changed.length === 0) return null;
  const keys = changed.map(({ key }) => key);
  return new SyncError(
    "OBJECT_CHANGED",
    `${counted(keys.length, "object")} at the destination differ from what was delivered: ${keys.join(", ")}.`,
    {
      context: { keys },
    },
  );
}
