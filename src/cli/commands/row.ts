import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import { asSample, rowHistory, type RowDelivery, type RowHistory } from "../../sync/row-history.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import type { Paint } from "../paint.ts";
import { minute } from "../render/numbers.ts";
import { sampleLines } from "../render/plan-preview.ts";
import { indent } from "../render/table.ts";

/** Which row is looked up. */
export interface RowOptions {
  readonly models: readonly string[];
  /** `column=value`, one for each column of the primary key. */
  readonly key: readonly string[];
}

/** Every delivery of one row, oldest first: what was told of it, and in which files. */
export async function showRow({ models, key }: RowOptions, context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject({ models, select: [], exclude: [], all: false }, "refuse", context);
  const [stream, second] = streams;
  if (stream === undefined || second !== undefined) {
    throw new SyncError("USAGE", `A row belongs to one stream, and ${streams.length} were chosen.`, { hint: "Name one with -m." });
  }
  await using program = await assemble(project, context);
  const history = await rowHistory(program.deps, stream, new Map(key.map(parsePair)), context.signal);
  const lost = history.missing.map((file) => `${file} is no longer in the state root, so what it told of the row is not known.`);
  const rest = history.from > 1 ? [`History from generation ${history.from}: what was told before is no longer kept.`] : [];
  const erased = history.erasures > 0 ? [`Rows of ${stream.name} were forgotten (sync forget): what was told of those is not shown.`] : [];
  return { warnings: [...warnings, ...lost, ...rest, ...erased], data: dataOf(history), text: textOf(history, key, context.paint) };
}

function parsePair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new SyncError("USAGE", `"${text}" is no column and value.`, { hint: "--key user_id=42" });
}

function dataOf({ stream, deliveries, missing, from, erasures }: RowHistory): unknown {
  const rows = deliveries.map(({ run, outputs, before, after, ...rest }) => ({
    runId: run,
    ...rest,
    columns: outputs.map((name, at) => ({ name, before: before?.[at] ?? null, after: after?.[at] ?? null })),
  }));
  return { stream, deliveries: rows, missing, from, erasures };
}

function textOf({ stream, deliveries }: RowHistory, key: readonly string[], paint: Paint): string {
  const head = `${paint.strong(stream)}  ${key.join(" ")}`;
  if (deliveries.length === 0) return `${head}\n  No delivery on record tells of this row.`;
  return [
    head,
    ...deliveries.map((delivery) => indent(deliveryText(delivery, paint))),
    indent(`told ${counted(deliveries.length, "time")}`),
  ].join("\n");
}

function deliveryText(delivery: RowDelivery, paint: Paint): string {
  const { generation, at, run, change, end, files } = delivery;
  const head = `gen ${generation} · ${minute(at)} UTC · run ${run} · ${change}${end === "delivered" ? "" : ` · ${paint.warning(end)}`}`;
  return [head, ...[...sampleLines(asSample(delivery), paint), ...files].map((line) => indent(line))].join("\n");
}
