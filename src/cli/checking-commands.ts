import { EXIT } from "../core/exit-codes.ts";
import { CHOICE, choice } from "./choice-options.ts";
import type { CommandSpec } from "./command.ts";

const STREAM_OPTIONS = CHOICE.filter(({ flags }) => flags.startsWith("-m"));
const DEFAULT_LAST = 10;

/** Commands that look whether everything is as it should be, and tell what is needed. */
export const CHECKING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "config show",
    summary: "print every value that is in effect, secrets hidden",
    examples: ["config show --origin", "config show -m audiences --target dev"],
    arguments: [],
    options: [
      { flags: "-m, --model <name...>", description: "only these models", kind: "list" },
      { flags: "--origin", description: "the file and line that each value comes from" },
    ],
    exits: [EXIT.usage],
    run: async (bag, _args, context) => {
      const { showConfig } = await import("./commands/config-show.ts");
      return await showConfig({ models: bag.list("model"), origin: bag.flag("origin") }, context);
    },
  },
  {
    name: "doctor",
    summary: "try online what a run needs: source, state, STS, bucket, KMS, clock, alerts",
    examples: ["doctor", "doctor -m audiences --only source,destination", "doctor --only alerts"],
    arguments: [],
    options: [
      ...CHOICE,
      {
        flags: "--only <area...>",
        description: "of config, clock, source, state, destination, alerts (default: all; alerts, named, sends a test to each)",
        kind: "list",
      },
    ],
    exits: [EXIT.usage, EXIT.source, EXIT.destination, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { examineProject } = await import("./commands/doctor.ts");
      return await examineProject({ choice: choice(bag), only: bag.list("only") }, context);
    },
  },
  {
    name: "iam",
    summary: "print the trust and permission policies that S3 destinations, or the state, need",
    examples: [
      "iam --destination partner",
      "iam -m audiences --format terraform --principal arn:aws:iam::111122223333:role/spillway",
      "iam --state",
    ],
    arguments: [],
    options: [
      ...STREAM_OPTIONS,
      { flags: "--destination <name>", description: "one destination (default: all on S3)", kind: "text" },
      { flags: "--state", description: "the state root; alone, only that" },
      { flags: "--format <format>", description: "how they are printed (default: json)", choices: ["json", "terraform"] },
      {
        flags: "--principal <arn>",
        description: "role or user that Spillway runs as, for the trust policy (`doctor` shows it)",
        kind: "text",
      },
    ],
    exits: [EXIT.usage],
    run: async (bag, _args, context) => {
      const { printPolicies } = await import("./commands/iam.ts");
      const format = bag.text("format") === "terraform" ? "terraform" : "json";
      const options = { models: bag.list("model"), destination: bag.text("destination"), state: bag.flag("state") };
      return await printPolicies({ ...options, format, principal: bag.text("principal") }, context);
    },
  },
  {
    name: "verify",
    summary: "prove that snapshot, stored deltas and delivered objects tell the same",
    examples: ["verify", "verify -m audiences --generation 42", "verify --last 3"],
    arguments: [],
    options: [
      ...CHOICE,
      { flags: "--generation <n>", description: "one generation", kind: "count" },
      { flags: "--last <n>", description: `the newest n generations (default: ${DEFAULT_LAST})`, kind: "count" },
    ],
    exits: [EXIT.usage, EXIT.destination, EXIT.state, 130],
    run: async (bag, _args, context) => {
      const { verifyProject } = await import("./commands/verify.ts");
      const options = { generation: bag.number("generation"), last: bag.number("last") ?? DEFAULT_LAST };
      return await verifyProject({ choice: choice(bag), ...options }, context);
    },
  },
];
