import { Command, Option } from "commander";
import { EXIT } from "../core/exit-codes.ts";
import type { CommandSpec, OptionBag, OptionSpec } from "./command.ts";
import type { Host } from "./host.ts";
import { collect, optionBag, parseCount } from "./option-bag.ts";

/** Called with what a person typed for a command. */
export type Dispatch = (spec: CommandSpec, bag: OptionBag, args: readonly (string | undefined)[]) => Promise<void>;

const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.done]: "done, or nothing changed",
  [EXIT.bug]: "unexpected: a bug, or no room in memory or on disk",
  [EXIT.usage]: "usage or configuration",
  [EXIT.held]: "held: waits for a decision",
  [EXIT.busy]: "busy: another run has the stream",
  [EXIT.source]: "source error",
  [EXIT.destination]: "destination error; the next run goes on with it",
  [EXIT.data]: "data refused (key NULL or twice, unencodable)",
  [EXIT.someFailed]: "some streams failed",
  [EXIT.state]: "state damaged, lost or another's",
  [EXIT.changesFound]: "the plan has changes (--detailed-exitcode)",
  130: "stopped by Ctrl-C (143: by SIGTERM)",
};

const GROUPS: Readonly<Record<string, string>> = { state: "look after a stream's snapshot", config: "look at the configuration" };

/** The command line as commander knows it. Only declarations: a command's code is imported when it is dispatched. */
export function buildProgram(host: Host, specs: readonly CommandSpec[], dispatch: Dispatch): Command {
  const program = new Command("sync")
    .name(host.name)
    .description("Sends what changed in a warehouse to S3.")
    .usage("<command> [options]")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: () => undefined,
      getOutHelpWidth: () => host.stdout.columns ?? 80,
    })
    .version(host.version, "-V, --version", "print the version")
    .helpCommand("help [command]", "show help for a command");
  addGlobalOptions(program, host);
  program.addHelpText("before", `Start here:\n  $ ${host.name} init demo && cd demo\n  $ ${host.name} run --all\n`);
  program.addHelpText("after", `\n${exitLines(Object.keys(EXIT_MEANINGS).map(Number))}`);
  for (const spec of specs) addCommand(program, host, spec, dispatch);
  return program;
}

function addGlobalOptions(program: Command, host: Host): void {
  program
    .addOption(new Option("-c, --config <file>", "configuration file, also SYNC_CONFIG").default(host.env["SYNC_CONFIG"] ?? "config.yaml"))
    .option("--target <name>", "environment of config.yaml, also SYNC_TARGET")
    .option("--json", "print one JSON document on stdout instead of text")
    .addOption(new Option("--log-format <format>", "progress on stderr").choices(["pretty", "json"]).default("pretty"))
    .addOption(new Option("--log-level <level>", "how much progress").choices(["error", "warn", "info", "debug"]).default("info"))
    .option("-q, --quiet", "no progress, only results, warnings and errors")
    .option("--no-color", "no colours (NO_COLOR does the same)")
    .option("--no-input", "never ask anything")
    .option("--yes", "answer yes where a command asks first");
}

function addCommand(program: Command, host: Host, spec: CommandSpec, dispatch: Dispatch): void {
  const words = spec.name.split(" ");
  const last = words.at(-1) ?? spec.name;
  const [group] = words.length > 1 ? words : [];
  const parent = group === undefined ? program : groupCommand(program, group);
  const command = parent.command(last).description(spec.summary);
  for (const { name, description, choices } of spec.arguments) {
    const argument = command.createArgument(name, description);
    command.addArgument(choices === undefined ? argument : argument.choices([...choices]));
  }
  for (const option of spec.options) command.addOption(toOption(option));
  const examples = spec.examples.map((line) => `  $ ${host.name} ${line}`).join("\n");
  command.addHelpText("before", `Example${spec.examples.length > 1 ? "s" : ""}:\n${examples}\n`);
  command.addHelpText("after", `\n${exitLines([EXIT.done, EXIT.bug, ...spec.exits])}`);
  command.action(async () => {
    await dispatch(spec, optionBag(command.optsWithGlobals()), command.args);
  });
}

function groupCommand(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  return (
    known ??
    program
      .command(name)
      .description(GROUPS[name] ?? "")
      .usage("<command> [options]")
  );
}

function toOption({ flags, description, kind, choices }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (choices !== undefined) option.choices([...choices]);
  if (kind === "count") option.argParser(parseCount);
  if (kind === "list") option.argParser(collect);
  return option;
}

function exitLines(codes: readonly number[]): string {
  const lines = [...new Set(codes)]
    .toSorted((a, b) => a - b)
    .map((code) => `  ${String(code).padEnd(3)}  ${EXIT_MEANINGS[code] ?? "see docs/errors.md"}`);
  return `Exit codes:\n${lines.join("\n")}`;
}
