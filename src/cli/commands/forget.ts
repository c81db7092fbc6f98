import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { errnoOf } from "../../core/durable-file.ts";
import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import type { Stream } from "../../core/types.ts";
import type { ForgetReport } from "../../sync/forget-report.ts";
import { findRows, type ForgetRequest, forgetRows, refuseForgetting } from "../../sync/forget-rows.ts";
import type { RunResult } from "../../sync/recorded-run.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { confirm } from "../confirm.ts";
import { openProject } from "../open-project.ts";
import { personAt } from "../person-at.ts";
import { forgetText, whereText } from "../render/forget-text.ts";
import { asSyncError } from "../report-error.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Which rows are forgotten. */
export interface ForgetOptions {
  readonly choice: StreamChoice;
  /** The key of one row: `column=value` for each column, or the value alone. */
  readonly key: readonly string[];
  /** A file with a key on each line. */
  readonly keysFrom: string | null;
  readonly reason: string | null;
  readonly evenIfPresent: boolean;
  readonly dryRun: boolean;
}

type Keys = Pick<ForgetRequest, "columns" | "keys">;

/** Shows where rows stand, asks, and erases them from everything that the state keeps of the chosen streams. */
export async function forget(options: ForgetOptions, context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(options.choice, "refuse", context);
  const lines = options.keysFrom === null ? [options.key] : await readKeys(options.keysFrom, context);
  const { reason, evenIfPresent } = options;
  const asked = streams.map((stream) => ({
    stream,
    request: { ...keysOf(stream, lines), by: personAt(context.host), reason, evenIfPresent },
  }));
  await using program = await assemble(project, context);
  const found: ForgetReport[] = [];
  for (const { stream, request } of asked)
    found.push(checked(stream, request, await findRows(program.deps, stream, request, context.signal)));
  const shown = found.map((report) => whereText(report, context.paint)).join("\n");
  if (options.dryRun) return { warnings, data: { dryRun: true, streams: found }, text: shown };
  for (const [at, { stream, request }] of asked.entries()) {
    const report = found[at];
    if (report !== undefined) await refuseForgetting(program.deps, stream, request, report, context.signal);
  }
  const names = streams.map(({ name }) => name).join(", ");
  const count = asked[0]?.request.keys.length ?? 0;
  await confirm(
    `${shown}\n${counted(count, "key")} of ${names} ${count === 1 ? "is" : "are"} erased from the state for good.`,
    names,
    context,
  );
  const done: { readonly result: RunResult; readonly report: ForgetReport }[] = [];
  for (const { stream, request } of asked) {
    const one = await forgetRows(program.deps, stream, request, context.signal);
    done.push(one);
    if (one.result.error !== null) break;
  }
  return { warnings, ...outcomeOf(done, context) };
}

function outcomeOf(
  done: readonly { readonly result: RunResult; readonly report: ForgetReport }[],
  { paint }: CommandContext,
): Pick<CommandOutcome, "data" | "text" | "error"> {
  const failed = done.find(({ result }) => result.error !== null);
  return {
    data: {
      dryRun: false,
      streams: done.map(({ result: { record }, report }) => ({ runId: record.run, status: record.status, ...report })),
    },
    text: done.flatMap(({ result, report }) => (result.error === null ? [forgetText(report, result.record.run, paint)] : [])).join("\n"),
    ...(failed === undefined ? {} : { error: asSyncError(failed.result.error) }),
  };
}

async function readKeys(path: string, { host }: CommandContext): Promise<readonly (readonly string[])[]> {
  try {
    const lines = (await readFile(resolve(host.cwd, path), "utf8")).split(/\r?\n/).filter((line) => line !== "");
    if (lines.length > 0) return lines.map((line) => (line.includes("=") ? line.split(",") : [line]));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === null) throw error;
    throw new SyncError("USAGE", `${path} cannot be read: ${errno}.`, { hint: "Name a file with a key on each line." });
  }
  throw new SyncError("USAGE", `${path} holds no key.`, { hint: "Write one on each line: `42`, or `column=value,column=value`." });
}

/** The keys by column; a value alone is that of the one column of the primary key. What was typed stands in no message. */
function keysOf({ name, primaryKey }: Stream, lines: readonly (readonly string[])[]): Keys {
  const pairs = lines.map((parts) => new Map(parts.map((part) => pairOf(primaryKey, part))));
  const [first] = pairs;
  const columns = [...(first?.keys() ?? [])];
  const hint = `--key ${primaryKey.map((column) => `${column}=VALUE`).join(",")}, or --keys-from FILE with such a key on each line`;
  if (columns.length === 0) throw new SyncError("USAGE", "Which rows are to be forgotten is not said.", { hint });
  if (columns.includes("")) throw new SyncError("USAGE", `A row of ${name} is named by ${primaryKey.join(", ")}.`, { hint });
  if (pairs.some((pair) => pair.size !== columns.length || columns.some((column) => !pair.has(column))))
    throw new SyncError("USAGE", "The keys do not all name the same columns.", { hint });
  return { columns, keys: pairs.map((pair) => columns.map((column) => pair.get(column) ?? "")) };
}

function pairOf(primaryKey: readonly string[], part: string): readonly [string, string] {
  const at = part.indexOf("=");
  const [only, second] = primaryKey;
  const isAlone = only !== undefined && second === undefined && (at < 1 || part.slice(0, at) !== only);
  if (isAlone && (at < 1 || /[^A-Za-z0-9_]/.test(part.slice(0, at)))) return [only, part];
  return at < 1 ? ["", part] : [part.slice(0, at), part.slice(at + 1)];
}

/** By columns that no delivery ever had as its key nothing can be found, which must not look like nothing being there. */
function checked({ name, primaryKey }: Stream, { columns }: Keys, report: ForgetReport): ForgetReport {
  const unknown = columns.filter((column) => !primaryKey.includes(column));
  if (unknown.length === 0 || report.files.length > 0) return report;
  throw new SyncError("USAGE", `${unknown.join(", ")} ${unknown.length === 1 ? "is" : "are"} no key column of ${name}.`, {
    hint: `Its rows are named by ${primaryKey.join(", ")}; a row can be forgotten by some of them, such as a person by the first.`,
  });
}
