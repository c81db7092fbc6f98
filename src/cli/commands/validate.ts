import { checkProject } from "../../config/check-project.ts";
import { counted } from "../../core/readable.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";

/** Checks the configuration and every model without asking any server; all problems are told at once. */
export async function validateProject(_options: Readonly<Record<string, never>>, context: CommandContext): Promise<CommandOutcome> {
  const { host, globals, signal, paint } = context;
  const { project, targets, warnings } = await checkProject({
    configFile: globals.configFile,
    env: host.env,
    cwd: host.cwd,
    target: globals.target,
    signal,
  });
  const models = new Set(project.streams.map((stream) => stream.model)).size;
  const facts = [
    counted(models, "model"),
    counted(project.streams.length, "stream"),
    ...(targets.length === 0 ? [] : [counted(targets.length, "target")]),
    counted(warnings.length, "warning"),
  ].join(", ");
  return {
    warnings,
    data: { config_file: project.configFile, models, streams: project.streams.map((stream) => stream.name), targets },
    text: `${paint.good("ok")}  ${globals.configFile}  ${facts}`,
  };
}
