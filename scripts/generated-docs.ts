import type { Command } from "commander";
import { COMMANDS } from "../src/cli/command-table.ts";
import type { Host, Sink } from "../src/cli/host.ts";
import { buildProgram } from "../src/cli/program.ts";
import { systemClock } from "../src/core/clock.ts";
import type { ErrorCodeEntry } from "../src/core/error-code-entry.ts";
import { ERROR_CODES } from "../src/core/error-codes.ts";

const EXITS: readonly (readonly [string, string])[] = [
  ["0", "done, or nothing changed"],
  ["1", "unexpected: a bug, or no room in memory or on disk"],
  ["2", "usage or configuration"],
  ["3", "held: a delta waits for a decision"],
  ["4", "busy: another run has the stream"],
  ["5", "source error"],
  ["6", "destination error; the next run goes on with the delivery"],
  ["7", "data refused: a key NULL or twice, a value that cannot be written"],
  ["8", "some of several streams failed"],
  ["9", "state damaged, lost or another's"],
  ["10", "`plan --detailed-exitcode` found changes"],
  ["130, 143", "stopped by SIGINT, SIGTERM"],
];

/** The page of all error codes. */
export function errorDocs(): string {
  const entries: [string, ErrorCodeEntry][] = Object.entries(ERROR_CODES);
  const codes = entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, entry]) => `### ${code}\n\n${entry.meaning}\n\n**What to do.** ${entry.action}\n\nExit code ${entry.exit}.\n`);
  return [
    "# Errors\n",
    "Every error has a code that never changes its meaning, a message that says what failed and on what, and a hint with the next",
    "command or key. Messages hold no row values and no secrets. `sync explain CODE` prints an entry of this page, and `--json` puts",
    "code, message and hint under `error`. Made by `npm run docs` from `src/core/error-codes.ts`.\n",
    "## Exit codes\n",
    "| exit code | meaning |\n|---|---|",
    ...EXITS.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    "\nAn exit code other than 0 and 10 always comes with an error code.\n",
    "## Error codes\n",
    codes.join("\n"),
  ].join("\n");
}

/** The page of all commands: their help texts, word by word. */
export function commandDocs(): string {
  const lines: string[] = [];
  const program = buildProgram(docsHost(lines), COMMANDS, () => Promise.resolve());
  const sections = COMMANDS.map((spec) => {
    const command = spec.name
      .split(" ")
      .reduce<Command | undefined>((at, word) => at?.commands.find((sub) => sub.name() === word), program);
    return `## sync ${spec.name}\n\n\`\`\`text\n${helpOf(command ?? program, lines).replace(/Global Options:\n(?:.+\n)+\n/, "")}\`\`\`\n`;
  });
  return [
    "# Commands\n",
    "`sync` and `spillway` are the same program; where coreutils' `sync` comes first on the path, say `spillway`. Data goes to stdout,",
    "talk to stderr. `--json` prints one document `{schema, ok, command, data, warnings, error}` with keys in snake_case, to which keys",
    "are only ever added. Made by `npm run docs` from the help texts.\n",
    "| variable | does |\n|---|---|",
    "| `SYNC_CONFIG` | names the configuration where `-c` does not |",
    "| `NO_COLOR`, `FORCE_COLOR` | colours off, or on also where stdout is no terminal; `NO_COLOR` wins |",
    "| `CI` | nothing is asked, as with `--no-input` |",
    "| `UV_THREADPOOL_SIZE` | threads of Node's pool; streams at a time are one fewer at most, so `--jobs 8` needs 9 |\n",
    `\`\`\`text\n${helpOf(program, lines)}\`\`\`\n`,
    sections.join("\n"),
  ].join("\n");
}

function helpOf(command: Command, lines: string[]): string {
  lines.length = 0;
  command.outputHelp();
  return lines.join("").replace(/\n*$/, "\n");
}

function docsHost(lines: string[]): Host {
  const sink: Sink = { write: (text) => void lines.push(text), isTty: false, columns: null };
  return {
    args: [],
    name: "sync",
    version: "",
    env: {},
    cwd: "/",
    packageRoot: "/",
    stdout: sink,
    stderr: sink,
    ask: null,
    clock: systemClock,
    signal: new AbortController().signal,
  };
}
