import { EXIT } from "../core/exit-codes.ts";
import { CHOICE, choice } from "./choice-options.ts";
import type { CommandSpec, OptionSpec } from "./command.ts";

const ANSWER_OPTIONS: readonly OptionSpec[] = [
  { flags: "-m, --model <name...>", description: "streams whose newest held run is meant", kind: "list" },
  { flags: "--reason <text>", description: "why, for the run's record", kind: "text" },
];

/** Commands by which a person looks into and answers: held runs, open deliveries, damaged state, single rows. */
export const ANSWERING_COMMANDS: readonly CommandSpec[] = [
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
  {
    name: "state recover",
    summary: "show deliveries that were begun and not ended, and bring them to their end",
    examples: ["state recover", "state recover -m orders --abandon 42 --yes"],
    arguments: [],
    options: [
      ...CHOICE,
      {
        flags: "--abandon <generation>",
        description: "give this generation up instead; the next delta states its rows again",
        kind: "count",
      },
    ],
    exits: [EXIT.usage, EXIT.held, EXIT.busy, EXIT.destination, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { recoverState } = await import("./commands/state-recover.ts");
      return await recoverState({ choice: choice(bag), abandon: bag.number("abandon") }, context);
    },
  },
  {
    name: "state repair",
    summary: "put a damaged snapshot together from what is stored",
    examples: ["state repair -m orders --yes", "state repair -m orders --from-deltas --yes"],
    arguments: [],
    options: [
      ...CHOICE,
      { flags: "--from-deltas", description: "from the stored deltas alone, also where no file is damaged (`verify` says when)" },
    ],
    exits: [EXIT.usage, EXIT.busy, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { repairState } = await import("./commands/state-repair.ts");
      return await repairState({ choice: choice(bag), fromDeltas: bag.flag("fromDeltas") }, context);
    },
  },
  {
    name: "state copy",
    summary: "move the whole state root to another folder or bucket",
    examples: ["state copy --to s3://acme-state/spillway", "state copy --to '{url: s3://acme-state/spillway, region: eu-central-1}' --yes"],
    arguments: [],
    options: [
      { flags: "--to <place>", description: "a folder, s3://bucket/prefix, or what will stand at `state` in config.yaml, in braces" },
    ],
    exits: [EXIT.usage, EXIT.busy, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { copyStateRoot } = await import("./commands/state-copy.ts");
      return await copyStateRoot({ to: bag.text("to") ?? "" }, context);
    },
  },
  {
    name: "retire",
    summary: "deliver removals for every row of a stream, and close it",
    examples: ["retire -m orders --dry-run", "retire -m orders", "retire -m orders --without-removals --yes"],
    arguments: [],
    options: [
      ...CHOICE,
      { flags: "--dry-run", description: "show what would be delivered, and do nothing" },
      { flags: "--without-removals", description: "close it and deliver nothing" },
    ],
    exits: [EXIT.usage, EXIT.held, EXIT.busy, EXIT.destination, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { retire } = await import("./commands/retire.ts");
      return await retire({ choice: choice(bag), dryRun: bag.flag("dryRun"), withoutRemovals: bag.flag("withoutRemovals") }, context);
    },
  },
  {
    name: "row",
    summary: "show every delivery of one row: generation, change, before and after, file",
    examples: ["row -m users --key user_id=42", "row -m audiences --key user_id=42,_audience=vip --json"],
    arguments: [],
    options: [
      { flags: "-m, --model <name...>", description: "the stream", kind: "list" },
      {
        flags: "--key <column=value...>",
        description: "each column of the primary key with its value, as it stands in files",
        kind: "list",
      },
    ],
    exits: [EXIT.usage, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { showRow } = await import("./commands/row.ts");
      return await showRow({ models: bag.list("model"), key: bag.list("key") }, context);
    },
  },
  {
    name: "replay",
    summary: "deliver old generations again, the same bytes; the state stays as it is",
    examples: [
      "replay 01K9ZX4T --to replay/2026-11-23",
      "replay -m users --generation 38..40 --to replay/a",
      "replay -m users --date 2026-11-23 --same-keys",
    ],
    arguments: [{ name: "[run]", description: "the run that delivered, by its id or its first characters; or choose with -m" }],
    options: [
      ...CHOICE,
      { flags: "--generation <n..m>", description: "one generation of one stream, or a range of them" },
      { flags: "--date <day>", description: "generations whose slot falls on this day, UTC" },
      { flags: "--to <prefix>", description: "put copies below this folder of the destination's prefix" },
      { flags: "--same-keys", description: "put back under their own keys what is gone from there; nothing is ever replaced" },
    ],
    exits: [EXIT.usage, EXIT.destination, EXIT.state, 130],
    run: async (bag, [run], context) => {
      const { replay } = await import("./commands/replay.ts");
      const which = { run: run ?? null, choice: choice(bag), generation: bag.text("generation"), date: bag.text("date") };
      return await replay({ ...which, to: bag.text("to"), sameKeys: bag.flag("sameKeys") }, context);
    },
  },
];
