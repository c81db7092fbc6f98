#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../core/clock.ts";
import { SyncError } from "../core/errors.ts";
import { armFromEnvironment } from "./arm-failpoints.ts";
import type { Host, Sink } from "./host.ts";
import { makePaint } from "./paint.ts";
import { asSyncError, codeEntry, errorText } from "./report-error.ts";
import { runCli } from "./run-cli.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url));

function sink(stream: NodeJS.WriteStream): Sink {
  let open = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that left early (`| head -1`) is no failure, and no reason to stop a delivery.
    if (error.code !== "EPIPE") throw error;
    open = false;
  });
  return {
    write: (text) => {
      if (open) stream.write(text);
    },
    isTty: stream.isTTY,
    // A terminal that does not know its width says 0.
    columns: stream.isTTY && stream.columns > 0 ? stream.columns : null,
  };
}

function calledName(): string {
  const name = basename(process.argv[1] ?? "") === "spillway" ? "spillway" : "sync";
  return process.env["npm_command"] === "exec" ? `npx ${name}` : name;
}

function packageVersion(): string {
  const text: unknown = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  return typeof text === "object" && text !== null && "version" in text ? String(text.version) : "unknown";
}

/** The line that the person typed; empty when the input ended without one. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  // A prompt takes Ctrl-C for itself; here it means what it means everywhere else.
  prompt.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  prompt.on("close", () => closed.abort());
  try {
    return await prompt.question(question, { signal: AbortSignal.any([signal, closed.signal]) });
  } catch (error) {
    if (signal.aborted) throw error;
    return "";
  } finally {
    prompt.close();
  }
}

function abortOnSignals(stderr: Sink): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) endBy(name, code);
      stderr.write("\nStopping cleanly; what is in hand is finished first. Once more to stop at once.\n");
      signalExit = code;
      controller.abort(new SyncError("INTERRUPTED", `${name} stopped the command.`));
    });
  }
  return controller.signal;
}

/** Ends the program as if it had never asked for the signal: process.exit() would wait for the query that the engine is busy with. */
function endBy(signal: NodeJS.Signals, code: number): void {
  // The first process of a container is deaf to signals that it does not ask for.
  if (process.pid === 1) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

let signalExit: number | null = null;

// The AWS SDK would tell every run on Node 20 to upgrade; package.json says which versions are supported.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
// Snowflake's driver would look for a cloud's metadata server, load a native library that it does not need and report how it is used.
process.env["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] = "true";
process.env["SNOWFLAKE_DISABLE_MINICORE"] = "true";
process.env["SF_TELEMETRY_DISABLE_CONNECTION_SHAPE"] = "true";

async function main(): Promise<number> {
  const stdout = sink(process.stdout);
  const stderr = sink(process.stderr);
  const signal = abortOnSignals(stderr);
  const host: Host = {
    args: process.argv.slice(2),
    name: calledName(),
    version: packageVersion(),
    env: process.env,
    cwd: process.cwd(),
    packageRoot: PACKAGE_ROOT,
    stdout,
    stderr,
    ask: process.stdin.isTTY && process.env["CI"] === undefined ? (question) => ask(question, signal) : null,
    clock: systemClock,
    signal,
  };
  try {
    armFromEnvironment(process.env["SPILLWAY_FAILPOINT"], (strike) => process.kill(process.pid, strike));
  } catch (error) {
    const known = asSyncError(error);
    stderr.write(errorText(known, host, makePaint(false), false));
    return codeEntry(known).exit;
  }
  const exit = await runCli(host);
  return exit === 130 && signalExit !== null ? signalExit : exit;
}

const exit = await main();
// Both streams are flushed before the exit, which is explicit so that a handle left open by a driver cannot hold the program.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exit)));
