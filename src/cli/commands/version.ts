import type { CommandContext, CommandOutcome } from "../command.ts";

/** Tells the versions that a bug report needs. */
export async function showVersion(_options: Readonly<Record<string, never>>, { host }: CommandContext): Promise<CommandOutcome> {
  const data = { spillway: host.version, node: process.version, platform: `${process.platform} ${process.arch}` };
  return { data, text: `spillway ${data.spillway}\nnode ${data.node}\nplatform ${data.platform}` };
}
