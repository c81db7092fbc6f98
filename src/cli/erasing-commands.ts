import { EXIT } from "../core/exit-codes.ts";
import { CHOICE, choice } from "./choice-options.ts";
import type { CommandSpec } from "./command.ts";

/** Commands that erase for good what is no longer to be kept. */
export const ERASING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "forget",
    summary: "erase rows, such as a person's, from everything that the state keeps, and list the objects that hold them",
    examples: [
      "forget -m users --key 42 --dry-run",
      "forget -m users --key user_id=42 --reason 'request of 1 March' --yes",
      "forget -m users --keys-from erase.txt --yes",
    ],
    arguments: [],
    options: [
      ...CHOICE,
      {
        flags: "--key <column=value...>",
        description:
          "the row's key as it stands in files; the value alone where the key is one column, some columns for all rows with these",
        kind: "list",
      },
      { flags: "--keys-from <file>", description: "a key on each line, so that none stands in the shell's history" },
      { flags: "--reason <text>", description: "why, for the record; keep what names a person out of it", kind: "text" },
      { flags: "--even-if-present", description: "also rows that the destination still holds: nothing will tell it that they are gone" },
      { flags: "--dry-run", description: "tell where the rows stand, and erase nothing" },
    ],
    exits: [EXIT.usage, EXIT.held, EXIT.busy, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { forget } = await import("./commands/forget.ts");
      const keys = { key: bag.list("key"), keysFrom: bag.text("keysFrom"), reason: bag.text("reason") };
      const how = { evenIfPresent: bag.flag("evenIfPresent"), dryRun: bag.flag("dryRun") };
      return await forget({ choice: choice(bag), ...keys, ...how }, context);
    },
  },
  {
    name: "state prune",
    summary: "delete what is older than `retention` keeps it, as runs do once a day",
    examples: ["state prune --dry-run", "state prune -m users"],
    arguments: [],
    options: [...CHOICE, { flags: "--dry-run", description: "tell what would go, and delete nothing" }],
    exits: [EXIT.usage, EXIT.busy, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { pruneState } = await import("./commands/state-prune.ts");
      return await pruneState({ choice: choice(bag), dryRun: bag.flag("dryRun") }, context);
    },
  },
];
