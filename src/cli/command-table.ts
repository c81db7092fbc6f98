import { EXIT } from "../core/exit-codes.ts";
import type { Answers } from "../sync/judge-delta.ts";
import { ANSWERING_COMMANDS } from "./answering-commands.ts";
import { CHECKING_COMMANDS } from "./checking-commands.ts";
import { CHOICE, choice } from "./choice-options.ts";
import type { CommandSpec, OptionBag, OptionSpec } from "./command.ts";
import { ERASING_COMMANDS } from "./erasing-commands.ts";
import { SCAFFOLDING_COMMANDS } from "./scaffolding-commands.ts";
import { SCHEDULING_COMMANDS } from "./scheduling-commands.ts";
import { SHARING_COMMANDS } from "./sharing-commands.ts";

const ALL: OptionSpec = { flags: "--all", description: "every enabled stream" };

const SLOT: OptionSpec = {
  flags: "--slot <instant>",
  description: "the scheduled instant that the run stands for (ISO 8601)",
  kind: "text",
};

const CHECKPOINT: OptionSpec = {
  flags: "--checkpoint",
  description: "carry the whole snapshot beside the delta, so that a consumer may start with this generation",
};

const ANSWERS: readonly OptionSpec[] = [
  { flags: "--allow-removals <rows>", description: "let so many rows be removed, whatever max_removed says", kind: "count" },
  { flags: "--accept-schema-change", description: "deliver although columns or the mapping changed" },
  {
    flags: "--same-destination",
    description: "the destination holds what was delivered, although it, the source or the mode is named anew",
  },
];

function answers(bag: OptionBag): Answers {
  return {
    allowRemovals: bag.number("allowRemovals"),
    acceptSchemaChange: bag.flag("acceptSchemaChange"),
    sameDestination: bag.flag("sameDestination"),
  };
}

const RUN_EXITS = [EXIT.usage, EXIT.held, EXIT.busy, EXIT.source, EXIT.destination, EXIT.data, EXIT.someFailed, EXIT.state, 130];

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  ...SCAFFOLDING_COMMANDS,
  {
    name: "validate",
    summary: "check the configuration and all models, offline",
    examples: ["validate"],
    arguments: [],
    options: [],
    exits: [EXIT.usage],
    run: async (_bag, _args, context) => {
      const { validateProject } = await import("./commands/validate.ts");
      return await validateProject({}, context);
    },
  },
  {
    name: "ls",
    summary: "list streams with their sources and destinations, and the members of audiences",
    examples: ["ls", "ls -s tag:growth"],
    arguments: [],
    options: CHOICE,
    exits: [EXIT.usage],
    run: async (bag, _args, context) => {
      const { listStreams } = await import("./commands/ls.ts");
      return await listStreams({ choice: choice(bag) }, context);
    },
  },
  {
    name: "preview",
    summary: "show the first rows as they would stand in the file",
    examples: ["preview -m customers --limit 5"],
    arguments: [],
    options: [...CHOICE, { flags: "--limit <rows>", description: "how many rows (default: 20)", kind: "count" }],
    exits: [EXIT.usage, EXIT.source, EXIT.data, 130],
    run: async (bag, _args, context) => {
      const { previewStreams } = await import("./commands/preview.ts");
      return await previewStreams({ choice: choice(bag), limit: bag.number("limit") ?? 20 }, context);
    },
  },
  {
    name: "lint-file",
    summary: "hold any file against what files of a stream look like",
    examples: ["lint-file incoming/users.csv -m users"],
    arguments: [{ name: "<file>", description: "the file: plain, or compressed as .gz or .zst" }],
    options: [...CHOICE, { flags: "--limit <problems>", description: "how many problems to show (default: 20)", kind: "count" }],
    exits: [EXIT.usage, EXIT.source, EXIT.data, 130],
    run: async (bag, [file], context) => {
      const { lintFileOfStream } = await import("./commands/lint-file.ts");
      return await lintFileOfStream({ file: file ?? "", choice: choice(bag), limit: bag.number("limit") ?? 20 }, context);
    },
  },
  {
    name: "plan",
    summary: "show what a run would deliver, and deliver nothing",
    examples: [
      "plan -m audiences",
      "plan -m audiences --out audiences.plan && sync run --plan audiences.plan",
      "plan --all --format markdown --state s3://acme-state/prod --read-only",
    ],
    arguments: [],
    options: [
      ...CHOICE,
      ALL,
      { flags: "--show <rows>", description: "sample rows per kind of change (default: 3; none in markdown)", kind: "count" },
      { flags: "--out <file>", description: "keep the exact bytes for `run --plan FILE`" },
      { flags: "--format <name>", description: "text, or markdown for a pull request (default: text)", choices: ["text", "markdown"] },
      { flags: "--read-only", description: "write nothing, in the state root neither; credentials that can only read are enough" },
      { flags: "--state <root>", description: "with --read-only: compare with this state root, a folder or s3://bucket/prefix" },
      { flags: "--detailed-exitcode", description: "exit 10 when there are changes" },
      { flags: "--full-resync", description: "plan every row as if nothing had been told yet" },
      CHECKPOINT,
      ...ANSWERS,
      SLOT,
    ],
    exits: [...RUN_EXITS, EXIT.changesFound],
    run: async (bag, _args, context) => {
      const { planStreams } = await import("./commands/plan.ts");
      const isMarkdown = bag.text("format") === "markdown";
      const options = {
        // A comment is read by more people than the partner's rows are meant for.
        show: bag.number("show") ?? (isMarkdown ? 0 : 3),
        format: isMarkdown ? ("markdown" as const) : ("text" as const),
        state: bag.text("state"),
        readOnly: bag.flag("readOnly"),
        out: bag.text("out"),
        fullResync: bag.flag("fullResync"),
        slot: bag.text("slot"),
        checkpoint: bag.flag("checkpoint"),
      };
      return await planStreams(
        { choice: choice(bag), ...options, answers: answers(bag), detailedExitcode: bag.flag("detailedExitcode") },
        context,
      );
    },
  },
  {
    name: "run",
    summary: "deliver what changed",
    examples: ["run -m audiences", "run --all --jobs 2", "run -m audiences --checkpoint", "run --plan audiences.plan", "run --due"],
    arguments: [],
    options: [
      ...CHOICE,
      ALL,
      { flags: "--plan <file>", description: "deliver exactly the bytes that `plan --out FILE` kept" },
      { flags: "--full-resync", description: "deliver every row as if nothing had been told yet" },
      CHECKPOINT,
      ...ANSWERS,
      SLOT,
      { flags: "--jobs <n>", description: "streams at a time (default: 1; more than 3 need UV_THREADPOOL_SIZE)", kind: "count" },
      { flags: "--fail-fast", description: "start no further stream after one failed" },
      { flags: "--due", description: "only streams whose schedule has a slot to run, as `serve` would now; for CronJobs and the like" },
    ],
    exits: RUN_EXITS,
    run: async (bag, _args, context) => {
      const { runModels } = await import("./commands/run.ts");
      const options = {
        plan: bag.text("plan"),
        answers: answers(bag),
        fullResync: bag.flag("fullResync"),
        checkpoint: bag.flag("checkpoint"),
        slot: bag.text("slot"),
        due: bag.flag("due"),
      };
      return await runModels({ choice: choice(bag), ...options, jobs: bag.number("jobs") ?? 1, failFast: bag.flag("failFast") }, context);
    },
  },
  ...ANSWERING_COMMANDS,
  {
    name: "status",
    summary: "one line per stream: what was delivered last, and how runs went",
    examples: ["status"],
    arguments: [],
    options: CHOICE,
    exits: [EXIT.usage, EXIT.state],
    run: async (bag, _args, context) => {
      const { showStatus } = await import("./commands/status.ts");
      return await showStatus({ choice: choice(bag) }, context);
    },
  },
  {
    name: "history",
    summary: "list runs, newest first",
    examples: ["history -m audiences --limit 5"],
    arguments: [],
    options: [...CHOICE, { flags: "--limit <runs>", description: "how many runs (default: 20)", kind: "count" }],
    exits: [EXIT.usage, EXIT.state],
    run: async (bag, _args, context) => {
      const { showHistory } = await import("./commands/history.ts");
      return await showHistory({ choice: choice(bag), limit: bag.number("limit") ?? 20 }, context);
    },
  },
  {
    name: "show",
    summary: "show one run: phases, counts, files, error",
    examples: ["show 01K9ZX4T"],
    arguments: [{ name: "<run>", description: "the run's id, or its first characters" }],
    options: [],
    exits: [EXIT.usage, EXIT.state],
    run: async (_bag, [run], context) => {
      const { showRun } = await import("./commands/show.ts");
      return await showRun({ run: run ?? "" }, context);
    },
  },
  ...SCHEDULING_COMMANDS,
  ...CHECKING_COMMANDS,
  ...SHARING_COMMANDS,
  ...ERASING_COMMANDS,
  {
    name: "state reset",
    summary: "forget what was told: the next run states every row again",
    examples: ["state reset -m audiences --yes"],
    arguments: [],
    options: CHOICE,
    exits: [EXIT.usage, EXIT.busy, EXIT.state],
    run: async (bag, _args, context) => {
      const { resetState } = await import("./commands/state-reset.ts");
      return await resetState({ choice: choice(bag) }, context);
    },
  },
  {
    name: "state baseline",
    summary: "take the current result, or files that the destination holds, as delivered, and send nothing",
    examples: ["state baseline -m audiences --yes", "state baseline -m users --from 'export/users-*.csv.gz'"],
    arguments: [],
    options: [
      ...CHOICE,
      {
        flags: "--from <file...>",
        description: "files of the whole table that the destination holds: paths, globs or s3://bucket/key",
        kind: "list",
      },
    ],
    exits: [EXIT.usage, EXIT.busy, EXIT.source, EXIT.data, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { baselineState } = await import("./commands/state-baseline.ts");
      return await baselineState({ choice: choice(bag), from: bag.list("from") }, context);
    },
  },
  {
    name: "explain",
    summary: "tell what an error code means and what to do",
    examples: ["explain CONFIG_INVALID", "explain"],
    arguments: [{ name: "[code]", description: "an error code; without one, all are listed" }],
    options: [],
    exits: [EXIT.usage],
    run: async (_bag, [code], context) => {
      const { explainCode } = await import("./commands/explain.ts");
      return await explainCode({ code: code ?? null }, context);
    },
  },
  {
    name: "schema",
    summary: "print the JSON schema of a file format",
    examples: ["schema config > config.schema.json"],
    arguments: [{ name: "<file>", description: "which file", choices: ["config", "model", "manifest"] }],
    options: [],
    exits: [EXIT.usage],
    run: async (_bag, [file], context) => {
      const { printSchema } = await import("./commands/schema.ts");
      return await printSchema({ file: file ?? "" }, context);
    },
  },
  {
    name: "completion",
    summary: "print the completion script of a shell",
    examples: ["completion bash >> ~/.bashrc", "completion fish > ~/.config/fish/completions/sync.fish"],
    arguments: [{ name: "<shell>", description: "which shell", choices: ["bash", "zsh", "fish"] }],
    options: [],
    exits: [EXIT.usage],
    run: async (_bag, [shell], context) => {
      const { completionScript } = await import("./commands/completion.ts");
      return await completionScript({ shell: shell ?? "" }, context);
    },
  },
  {
    name: "version",
    summary: "print the versions of Spillway and Node",
    examples: ["version"],
    arguments: [],
    options: [],
    exits: [],
    run: async (_bag, _args, context) => {
      const { showVersion } = await import("./commands/version.ts");
      return await showVersion({}, context);
    },
  },
];
