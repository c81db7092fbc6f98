import { SyncError } from "../core/errors.ts";
import type { CommandContext } from "./command.ts";

/** Goes on only when --yes was given, or the person at the terminal types the name; a USAGE error otherwise. */
export async function confirm(what: string, name: string, { host, globals }: CommandContext): Promise<void> {
  if (globals.yes) return;
  if (host.ask === null) throw new SyncError("USAGE", `${what} This asks first, and nobody can answer.`, { hint: "Add --yes to go on." });
  const answer = await host.ask(`${what}\nType ${name} to go on: `);
  if (answer.trim() !== name) throw new SyncError("USAGE", "Not confirmed, so nothing was done.", { hint: `Type ${name}, or add --yes.` });
}
