import { EXIT } from "../core/exit-codes.ts";
import { CHOICE, choice } from "./choice-options.ts";
import type { CommandSpec } from "./command.ts";

const DEFAULT_NEXT = 5;
const DEFAULT_JOBS = 3;
const DEFAULT_DRAIN = "25s";

const ALL = { flags: "--all", description: "every stream" } as const;

/** Commands about schedules, and the service that keeps them. */
export const SCHEDULING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "serve",
    summary: "run every stream on its schedule, until a signal stops it",
    examples: ["serve", "serve --jobs 3 --drain 60s --log-format json", "serve --host 0.0.0.0 --port 8080"],
    arguments: [],
    options: [
      { flags: "--jobs <n>", description: `streams at a time (default: ${DEFAULT_JOBS}; more need UV_THREADPOOL_SIZE)`, kind: "count" },
      {
        flags: "--drain <duration>",
        description: `how long runs under way may go on after a signal (default: ${DEFAULT_DRAIN}); what is left is taken up at the next start`,
        kind: "text",
      },
      {
        flags: "--host <address>",
        description: "listen there (default: serve.host, 127.0.0.1); other than loopback needs serve.token",
        kind: "text",
      },
      { flags: "--port <port>", description: "listen on that port (default: serve.port, 8787; 0: any free one)", kind: "count" },
    ],
    exits: [EXIT.usage, EXIT.state],
    run: async (bag, _args, context) => {
      const { serve } = await import("./commands/serve.ts");
      const listen = { host: bag.text("host"), port: bag.number("port") };
      return await serve({ jobs: bag.number("jobs") ?? DEFAULT_JOBS, drain: bag.text("drain") ?? DEFAULT_DRAIN, listen }, context);
    },
  },
  {
    name: "schedule",
    summary: "list coming slots; checkpoints, pauses and days on which clocks are changed are marked",
    examples: ["schedule", "schedule -m audiences --next 20"],
    arguments: [],
    options: [...CHOICE, { flags: "--next <slots>", description: `slots of each stream (default: ${DEFAULT_NEXT})`, kind: "count" }],
    exits: [EXIT.usage, EXIT.state],
    run: async (bag, _args, context) => {
      const { showSchedule } = await import("./commands/schedule.ts");
      return await showSchedule({ choice: choice(bag), next: bag.number("next") ?? DEFAULT_NEXT }, context);
    },
  },
  {
    name: "pause",
    summary: "stop a stream's schedule without touching its file",
    examples: ["pause -m orders --until 2026-12-01T00:00:00Z --reason 'the partner moves house'", "pause --all"],
    arguments: [],
    options: [
      ...CHOICE,
      ALL,
      { flags: "--until <instant>", description: "when it ends by itself (ISO 8601; default: with `resume`)", kind: "text" },
      { flags: "--reason <text>", description: "why, for whoever wonders", kind: "text" },
    ],
    exits: [EXIT.usage, EXIT.state],
    run: async (bag, _args, context) => {
      const { pauseSchedules } = await import("./commands/pause.ts");
      return await pauseSchedules({ choice: choice(bag), until: bag.text("until"), reason: bag.text("reason") }, context);
    },
  },
  {
    name: "resume",
    summary: "let a paused schedule go on with its next slot",
    examples: ["resume -m orders"],
    arguments: [],
    options: [...CHOICE, ALL],
    exits: [EXIT.usage, EXIT.state],
    run: async (bag, _args, context) => {
      const { resumeSchedules } = await import("./commands/pause.ts");
      return await resumeSchedules({ choice: choice(bag) }, context);
    },
  },
];
