import { CommanderError } from "commander";
import { isAbort, SyncError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { type Log, silentLog } from "../core/log.ts";
import { rememberSecret, scrub } from "../core/scrub.ts";
import { COMMANDS } from "./command-table.ts";
import type { CommandContext, CommandOutcome, CommandSpec, GlobalOptions, OptionBag } from "./command.ts";
import type { Host, Sink } from "./host.ts";
import { jsonText } from "./json-document.ts";
import { makePaint, wantsColour } from "./paint.ts";
import { buildProgram } from "./program.ts";
import { makeProgress, type Progress } from "./progress.ts";
import { asSyncError, codeEntry, echoName, errorJson, errorText } from "./report-error.ts";

/** Runs one command line to its end and returns its exit code; whatever goes wrong is told, never thrown. */
export async function runCli(outside: Host): Promise<number> {
  const host = withoutSecrets(outside);
  let exit: number = EXIT.done;
  const program = buildProgram(host, COMMANDS, async (spec, bag, args) => {
    exit = await execute(host, spec, bag, args);
  });
  try {
    if (host.args[0] === "complete") {
      const { answerCompletion } = await import("./completion.ts");
      await answerCompletion(program, host);
    } else if (host.args.length === 0) {
      program.outputHelp();
    } else {
      await program.parseAsync([...host.args], { from: "user" });
    }
    return exit;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    // A group without a subcommand (`sync state`) shows its help; commander has no message for it.
    if (error instanceof CommanderError && error.code === "commander.help") {
      return tellFailure(
        host,
        null,
        new SyncError("USAGE", "A subcommand is missing.", { hint: `See ${host.name} ${host.args.join(" ")} --help.` }),
      );
    }
    return tellFailure(host, null, error instanceof CommanderError ? usageError(error, host) : error);
  }
}

/** Variables of other programs that hold secrets; drivers read them by themselves. */
const SECRET_VARIABLES = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD", "SNOWFLAKE_PASSWORD"];

/** The same host, but that nothing which it writes holds a secret that this process has had. */
function withoutSecrets(host: Host): Host {
  for (const name of SECRET_VARIABLES) rememberSecret(host.env[name] ?? "");
  const scrubbed = (sink: Sink): Sink => ({ ...sink, write: (text) => sink.write(scrub(text)) });
  return { ...host, stdout: scrubbed(host.stdout), stderr: scrubbed(host.stderr) };
}

async function execute(host: Host, spec: CommandSpec, bag: OptionBag, args: readonly (string | undefined)[]): Promise<number> {
  const globals = globalOptions(host, bag);
  const ask = bag.flag("input") && !globals.json ? host.ask : null;
  const log = await openLog(host, globals, bag);
  const paint = makePaint(wantsColour(host.stdout, host.env, !bag.flag("color")));
  const warnings: string[] = [];
  const context: CommandContext = {
    host: { ...host, ask },
    globals,
    log: {
      phase: (event) => log.phase(event),
      run: (event) => log.run?.(event),
      note: (note) => log.note?.(note),
      warn: (message, about) => {
        // A service runs for months.
        if (warnings.length < MOST_WARNINGS) warnings.push(message);
        log.warn(message, about);
      },
    },
    paint,
    signal: host.signal,
  };
  try {
    const outcome = await spec.run(bag, args, context);
    log.close();
    return tellOutcome(host, { spec, globals, warnings, colour: bag.flag("color") }, outcome);
  } catch (error) {
    log.close();
    return tellFailure(host, { spec, globals, warnings, colour: bag.flag("color") }, error);
  }
}

function globalOptions(host: Host, bag: OptionBag): GlobalOptions {
  return {
    configFile: bag.text("config") ?? "config.yaml",
    target: bag.text("target") ?? (host.env["SYNC_TARGET"] || null),
    json: bag.flag("json"),
    quiet: bag.flag("quiet"),
    debug: bag.text("logLevel") === "debug",
    yes: bag.flag("yes"),
  };
}

async function openLog(host: Host, globals: GlobalOptions, bag: OptionBag): Promise<Progress> {
  const level = globals.quiet ? "warn" : (bag.text("logLevel") ?? "info");
  if (bag.text("logFormat") === "json") {
    const { makeJsonLog } = await import("./json-log.ts");
    return { ...makeJsonLog(host.stderr, host.clock, level), close: () => undefined };
  }
  const progress = makeProgress({
    sink: host.stderr,
    paint: makePaint(wantsColour(host.stderr, host.env, !bag.flag("color"))),
    clock: host.clock,
    live: host.stderr.isTty && host.env["TERM"] !== "dumb",
  });
  return { ...progress, ...mutedBelow(level, progress) };
}

/** More warnings than these are logged and not told again at the end. */
const MOST_WARNINGS = 1000;

const LEVELS: readonly string[] = ["error", "warn", "info", "debug"];

function mutedBelow(level: string, log: Log): Log {
  return {
    phase: level === "info" || level === "debug" ? (event) => log.phase(event) : silentLog.phase,
    note: (note) => {
      if (LEVELS.indexOf(note.level) <= LEVELS.indexOf(level)) log.note?.(note);
    },
    warn: level === "error" ? silentLog.warn : (message, about) => log.warn(message, about),
  };
}

function tellOutcome(host: Host, { spec, globals, warnings: logged, colour }: Told, outcome: CommandOutcome): number {
  const { error = null, causes = [], warnings = [] } = outcome;
  const exit = outcome.exit ?? (error === null ? EXIT.done : codeEntry(error).exit);
  if (globals.json) {
    const told = error === null ? null : errorJson(error, host);
    host.stdout.write(
      jsonText({ ok: told === null, command: spec.name, data: outcome.data, warnings: [...warnings, ...logged], error: told }),
    );
    return exit;
  }
  for (const warning of warnings) host.stderr.write(`warning  ${echoName(warning, host.name)}\n`);
  if (outcome.text !== "") host.stdout.write(`${outcome.text}\n`);
  const paint = makePaint(wantsColour(host.stderr, host.env, !colour));
  for (const one of error === null ? [] : [...causes, error]) host.stderr.write(errorText(one, host, paint, globals.debug));
  return exit;
}

/** What is known of a command that is told about. */
interface Told {
  readonly spec: CommandSpec;
  readonly globals: GlobalOptions;
  readonly warnings: readonly string[];
  readonly colour: boolean;
}

function tellFailure(host: Host, failed: Told | null, thrown: unknown): number {
  const stopped = host.signal.aborted && isAbort(thrown);
  const error = stopped ? asSyncError(host.signal.reason) : asSyncError(thrown);
  if (failed?.globals.json ?? host.args.includes("--json")) {
    const command = failed?.spec.name ?? null;
    host.stdout.write(jsonText({ ok: false, command, data: null, warnings: failed?.warnings ?? [], error: errorJson(error, host) }));
  } else {
    const paint = makePaint(wantsColour(host.stderr, host.env, failed?.colour === false || host.args.includes("--no-color")));
    host.stderr.write(errorText(error, host, paint, failed?.globals.debug ?? false));
  }
  return codeEntry(error).exit;
}

function usageError(error: CommanderError, host: Host): SyncError {
  const [message = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /^\(Did you mean (?<what>.+)\?\)$/.exec(rest.join(" "))?.groups?.["what"];
  const help = `See ${host.name} --help.`;
  const hint = suggestion === undefined ? help : `Did you mean ${suggestion}? ${help}`;
  return new SyncError("USAGE", `${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith(".") ? "" : "."}`, { hint });
}
