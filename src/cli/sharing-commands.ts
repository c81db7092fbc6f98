import { EXIT } from "../core/exit-codes.ts";
import type { CommandSpec } from "./command.ts";

/** Commands that write what somebody else needs. */
export const SHARING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "kit",
    summary: "write a folder for whoever reads a stream's files: readme, schemas, samples, loaders",
    examples: ["kit customers", "kit users.acme --out acme-kit", "kit customers --out acme-kit --force --json"],
    arguments: [{ name: "<stream>", description: "the stream, as `ls` names it" }],
    options: [
      { flags: "--out <folder>", description: "folder to write to (default: kit/<stream>)", kind: "text" },
      { flags: "--force", description: "also into a folder that holds something; a kit there is replaced" },
    ],
    exits: [EXIT.usage, EXIT.source, EXIT.data, 130],
    run: async (bag, [stream], context) => {
      const { writeKit } = await import("./commands/kit.ts");
      return await writeKit({ stream: stream ?? "", out: bag.text("out"), force: bag.flag("force") }, context);
    },
  },
];
