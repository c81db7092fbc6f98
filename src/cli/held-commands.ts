import { EXIT } from "../core/exit-codes.ts";
import type { CommandSpec, OptionSpec } from "./command.ts";

const ANSWER_OPTIONS: readonly OptionSpec[] = [
  { flags: "-m, --model <name...>", description: "streams whose newest held run is meant", kind: "list" },
  { flags: "--reason <text>", description: "why, for the run's record", kind: "text" },
];

/** Commands that answer about held runs. */
export const HELD_COMMANDS: readonly CommandSpec[] = [
  {
    name: "approve",
    summary: "deliver exactly the bytes of a held run",
    examples: ["approve 01K9ZY02 --reason 'the partner left, as agreed'", "approve -m orders"],
    arguments: [{ name: "[run]", description: "the run's id, or its first characters; or choose its stream with -m" }],
    options: ANSWER_OPTIONS,
    exits: [EXIT.usage, EXIT.held, EXIT.busy, EXIT.destination, EXIT.state, 130],
    run: async (bag, [run], context) => {
      const { answerHeld } = await import("./commands/answer-held.ts");
      return await answerHeld("approve", { run: run ?? null, models: bag.list("model"), reason: bag.text("reason") }, context);
    },
  },
  {
    name: "reject",
    summary: "drop the bytes of a held run",
    examples: ["reject 01K9ZY02 --reason 'a partition was late'", "reject -m orders"],
    arguments: [{ name: "[run]", description: "the run's id, or its first characters; or choose its stream with -m" }],
    options: ANSWER_OPTIONS,
    exits: [EXIT.usage, EXIT.held, EXIT.state],
    run: async (bag, [run], context) => {
      const { answerHeld } = await import("./commands/answer-held.ts");
      return await answerHeld("reject", { run: run ?? null, models: bag.list("model"), reason: bag.text("reason") }, context);
    },
  },
];
