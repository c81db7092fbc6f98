import { repairFromDeltas, repairStream } from "../../sync/repair-stream.ts";
import { changeState } from "../change-state.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What is repaired, and from what. */
export interface RepairOptions {
  readonly choice: StreamChoice;
  /** From the stored deltas alone, also where no file is damaged. */
  readonly fromDeltas: boolean;
}

/** Puts the damaged snapshots of the chosen streams together from what is stored. */
export async function repairState({ choice, fromDeltas }: RepairOptions, context: CommandContext): Promise<CommandOutcome> {
  const warning = (streams: string): string =>
    fromDeltas
      ? `The snapshot of ${streams} is put together from the stored deltas alone. What stands there is copied aside first.`
      : `The snapshot of ${streams} is put together from an older one and the stored deltas where it is damaged. What stands there is copied aside first.`;
  return await changeState({ warning, apply: fromDeltas ? repairFromDeltas : repairStream }, choice, context);
}
