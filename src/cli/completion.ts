import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import type { Host } from "./host.ts";

/** Answers a shell's question for completions (`sync complete -- words`), stream names of the project here included. */
export async function answerCompletion(program: Command, host: Host): Promise<void> {
  const names = await streamNames(host);
  const completion = tab(program, { completionCommandName: "completion-script" });
  for (const command of completion.commands.values()) {
    const model = command.options.get("model");
    if (model === undefined) continue;
    model.handler = (complete) => {
      for (const name of names) complete(name, "stream");
    };
  }
  await program.parseAsync([...host.args], { from: "user" });
}

async function streamNames(host: Host): Promise<readonly string[]> {
  try {
    const { loadProject } = await import("../config/load-project.ts");
    const configFile = host.env["SYNC_CONFIG"] ?? "config.yaml";
    const { project } = await loadProject({
      configFile,
      env: host.env,
      cwd: host.cwd,
      target: host.env["SYNC_TARGET"] || null,
      signal: host.signal,
    });
    return project.streams.map((stream) => stream.name);
  } catch {
    // No project here, or a broken one: a shell waiting for a completion is no place to say so.
    return [];
  }
}
