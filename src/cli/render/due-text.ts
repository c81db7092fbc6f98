import { counted } from "../../core/readable.ts";
import type { Slot } from "../../core/types.ts";
import type { DueStreams, MissedSlot } from "../../sync/due-streams.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { runData } from "./run-data.ts";

/** A slot as people name it: what the zone's clocks show, and the zone. */
export function slotText({ wall, zone }: Slot): string {
  return `${wall.replace("T", " ").replace(/:00$/, "")} ${zone}`;
}

/** Says of slots that they will not be run. */
export function missedLine({ stream, slot, count, why }: MissedSlot): string {
  const reason = why === "paused" ? "it was paused" : "nothing could run then, and catch_up is none";
  const which = count === 1 ? `The slot ${slotText(slot)}` : `${counted(count, "slot")} up to ${slotText(slot)}`;
  return `${which} of ${stream} ${count === 1 ? "is" : "are"} left out: ${reason}.`;
}

/** What `run --due` says when there is nothing to run. */
export function nothingDue({ next }: DueStreams, { paint }: CommandContext): CommandOutcome {
  const coming = next === null ? "No stream has a schedule." : `Next: ${next.stream} at ${slotText(next.slot)}.`;
  return { data: { runs: [].map(runData) }, text: `Nothing is due. ${paint.faint(coming)}` };
}
