import { SyncError } from "../../core/errors.ts";
import { bytes, counted } from "../../core/readable.ts";
import type { Stream } from "../../core/types.ts";
import { RESERVED_FOLDER } from "../../files/object-key.ts";
import { type DeliveredGeneration, deliveredGenerations, type GenerationChoice } from "../../sync/delivered-plans.ts";
import { type ReplayedGeneration, replayGeneration } from "../../sync/replay-stream.ts";
import { findRun } from "../../sync/stream-status.ts";
import type { SyncDeps } from "../../sync/sync-deps.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { minute } from "../render/numbers.ts";
import { indent } from "../render/table.ts";
import { asSyncError } from "../report-error.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Which generations are delivered again, and where. */
export interface ReplayOptions {
  readonly run: string | null;
  readonly choice: StreamChoice;
  /** `38` or `38..40`. */
  readonly generation: string | null;
  /** `2026-11-23`. */
  readonly date: string | null;
  readonly to: string | null;
  readonly sameKeys: boolean;
}

/** Delivers old generations again, oldest first; stops at the first that cannot be. */
export async function replay(options: ReplayOptions, context: CommandContext): Promise<CommandOutcome> {
  const to = placeOf(options);
  const choice = whichOf(options);
  const all = choice.by === "run";
  const { project, streams, warnings } = await openProject({ ...options.choice, all }, "refuse", context);
  await using program = await assemble(project, context);
  const chosen = choice.by === "run" ? [await streamOf(choice.run, streams, program.deps, context)] : streams;
  if (choice.by === "generation" && chosen.length !== 1) {
    throw new SyncError("USAGE", `Generations are counted for each stream, and ${chosen.length} were chosen.`, {
      hint: "Name one with -m.",
    });
  }
  const { replayed, error } = await replayEach(chosen, choice, to, program.deps, context.signal);
  return {
    warnings: [...warnings, ...unchecked(replayed)],
    data: { to, generations: replayed.map(({ run, ...rest }) => ({ ...rest, runId: run })) },
    text: [...replayed.map((one) => textOf(one)), ...nothingSent(replayed, to)].join("\n"),
    ...(error === null ? {} : { error }),
  };
}

interface Replayed {
  readonly replayed: readonly ReplayedGeneration[];
  readonly error: SyncError | null;
}

/** What was asked for is looked up whole before anything is sent. */
async function replayEach(
  streams: readonly Stream[],
  choice: GenerationChoice,
  to: string | null,
  deps: SyncDeps,
  signal: AbortSignal,
): Promise<Replayed> {
  const asked: { readonly stream: Stream; readonly delivered: DeliveredGeneration }[] = [];
  for (const stream of streams)
    for (const delivered of await deliveredGenerations(deps, stream.name, choice, signal)) asked.push({ stream, delivered });
  const replayed: ReplayedGeneration[] = [];
  for (const { stream, delivered } of asked) {
    try {
      replayed.push(await replayGeneration(deps, stream, delivered, to, signal));
    } catch (error) {
      return { replayed, error: asSyncError(error) };
    }
  }
  return { replayed, error: null };
}

function placeOf({ to, sameKeys }: ReplayOptions): string | null {
  if ((to === null) !== sameKeys) {
    throw new SyncError("USAGE", "A replay needs to know where it goes: --to PREFIX or --same-keys, one of the two.", {
      hint: "--to PREFIX puts copies below that folder of the destination. --same-keys puts back, under their own keys, only objects that are gone: a delivered object is never replaced.",
    });
  }
  const prefix = to === null ? null : to.replace(/\/+$/, "");
  const parts = prefix?.split("/") ?? [];
  const isOdd = parts.some((part) => part === "" || part === "." || part === ".." || part.toLowerCase() === RESERVED_FOLDER);
  if (prefix === null || (!isOdd && !/[\p{Cc}\p{Cs}\\]/u.test(prefix))) return prefix;
  throw new SyncError("USAGE", `--to "${to ?? ""}" cannot be a folder below the destination's prefix.`, {
    hint: `Write it like replay/2026-11-23: no "/" at its start, no "..", no ${RESERVED_FOLDER}.`,
  });
}

function whichOf({ run, generation, date, choice }: ReplayOptions): GenerationChoice {
  const given = [run, generation, date].filter((each) => each !== null);
  if (given.length !== 1 || (run !== null && choice.models.length + choice.select.length > 0)) {
    throw new SyncError("USAGE", "Name what is delivered again in one way: a run, or of chosen streams --generation or --date.", {
      hint: "sync replay RUN --to PREFIX, or sync replay -m NAME --generation 38..40 --to PREFIX, or sync replay -m NAME --date 2026-11-23 --to PREFIX.",
    });
  }
  if (run !== null) return { by: "run", run };
  if (date !== null) {
    if (/^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(Date.parse(date))) return { by: "date", date };
    throw new SyncError("USAGE", `--date ${date} is no day.`, { hint: "Write it as 2026-11-23; days are those of UTC." });
  }
  const range = /^(?<first>\d{1,9})(?:\.\.(?<last>\d{1,9}))?$/.exec(generation ?? "")?.groups;
  const [first, last] = [Number(range?.["first"]), Number(range?.["last"] ?? range?.["first"])];
  if (first <= last) return { by: "generation", first, last };
  throw new SyncError("USAGE", `--generation ${generation ?? ""} is no generation and no range of them.`, {
    hint: "Write 38, or 38..40 with the lower one first.",
  });
}

async function streamOf(id: string, streams: readonly Stream[], deps: SyncDeps, { signal }: CommandContext): Promise<Stream> {
  const record = await findRun(deps, id, signal);
  const stream = streams.find(({ name }) => name === record.stream);
  if (stream !== undefined) return stream;
  throw new SyncError("STREAM_UNKNOWN", `Run ${record.run} is of ${record.stream}, which this project does not have.`, {
    hint: "Name the configuration that it ran with: -c FILE.",
  });
}

function textOf({ stream, generation, at, objects }: ReplayedGeneration): string {
  const sent = objects.filter(({ status }) => status === "sent");
  const size = sent.reduce((sum, object) => sum + object.size, 0);
  const head = `${stream}  gen ${generation} of ${minute(at)} UTC: ${counted(sent.length, "object")} (${bytes(size)}) sent, ${objects.length - sent.length} stood there`;
  return [head, ...sent.map(({ key }) => indent(key))].join("\n");
}

function unchecked(replayed: readonly ReplayedGeneration[]): readonly string[] {
  const keys = replayed.flatMap(({ objects }) => objects.filter(({ status }) => status === "unchecked").map(({ key }) => key));
  if (keys.length === 0) return [];
  return [`${counted(keys.length, "key")} held something already, and the credentials may not look what: ${keys.join(", ")}.`];
}

function nothingSent(replayed: readonly ReplayedGeneration[], to: string | null): readonly string[] {
  if (replayed.length === 0 || replayed.some(({ objects }) => objects.some(({ status }) => status === "sent"))) return [];
  return [
    `Nothing was sent: every object stands where it was${to === null ? ". A delivered object is never replaced; --to PREFIX delivers copies" : ""}.`,
  ];
}
