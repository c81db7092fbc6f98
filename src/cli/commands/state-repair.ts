import { repairStream } from "../../sync/repair-stream.ts";
import { changeState } from "../change-state.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Puts the damaged snapshots of the chosen streams together from what is stored. */
export async function repairState(options: { readonly choice: StreamChoice }, context: CommandContext): Promise<CommandOutcome> {
  const warning = (streams: string): string =>
    `The snapshot of ${streams} is put together from an older one and the stored deltas where it is damaged. What stands there is copied aside first.`;
  return await changeState({ warning, apply: repairStream }, options.choice, context);
}
