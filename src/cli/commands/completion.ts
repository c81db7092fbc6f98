import { SyncError } from "../../core/errors.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";

/** Prints the script that makes a shell ask this program for completions. */
export async function completionScript(options: { readonly shell: string }, { host }: CommandContext): Promise<CommandOutcome> {
  const { script } = await import("@bomb.sh/tab");
  // Shells complete the word that is typed, so what npx ran is served by its own name.
  const name = host.name.replace(/^npx /, "");
  const text = captured(() => script(options.shell, name, name));
  if (text === "") throw new SyncError("INTERNAL", `No completion script was made for ${options.shell}.`);
  return { text: text.trimEnd(), data: { shell: options.shell, script: text } };
}

/** What a library prints with console.log, which alone is how it hands the script over. */
function captured(print: () => void): string {
  const before = console.log;
  const lines: string[] = [];
  console.log = (...parts: readonly unknown[]) => {
    lines.push(parts.map(String).join(" "));
  };
  try {
    print();
  } finally {
    console.log = before;
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
