import { resetStream } from "../../sync/reset-stream.ts";
import { changeState } from "../change-state.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Forgets what the chosen streams have told, so that their next run states every row again. */
export async function resetState(options: { readonly choice: StreamChoice }, context: CommandContext): Promise<CommandOutcome> {
  const warning = (streams: string): string =>
    `The next run of ${streams} states every row again, and a delivery under way is given up. Generations go on counting.`;
  return await changeState({ warning, apply: resetStream }, options.choice, context);
}
