import { baselineStream } from "../../sync/run-many.ts";
import { changeState } from "../change-state.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Takes the current result of the chosen streams as delivered and sends nothing. */
export async function baselineState(options: { readonly choice: StreamChoice }, context: CommandContext): Promise<CommandOutcome> {
  const warning = (streams: string): string =>
    `What ${streams} would deliver now is taken as delivered and never sent; only later changes go out.`;
  return await changeState({ warning, apply: baselineStream }, options.choice, context);
}
