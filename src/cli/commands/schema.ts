import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { Verbatim } from "../json-document.ts";

/** Prints the JSON schema of a file format, as the package ships it. */
export async function printSchema(options: { readonly file: string }, { host }: CommandContext): Promise<CommandOutcome> {
  const text = await readFile(join(host.packageRoot, "schema", `${options.file}.schema.json`), "utf8");
  return { text: text.trimEnd(), data: new Verbatim(JSON.parse(text)) };
}
