import type { Source } from "../../core/ports.ts";
import { counted } from "../../core/readable.ts";
import type { SourceSpec, Stream } from "../../core/types.ts";
import { describeStream } from "../../sync/describe-stream.ts";
import { modelQuery } from "../../sync/model-query.ts";
import type { SyncDeps } from "../../sync/sync-deps.ts";
import { costText } from "../render/cost.ts";
import { attempt, fine, type Finding, skipped } from "./finding.ts";

type SourceDeps = Pick<SyncDeps, "openEngine" | "openSource" | "parts">;

/** Connects to each source and has it describe the query of each stream, which runs none of them. */
export async function* checkSources(
  deps: SourceDeps,
  sources: readonly SourceSpec[],
  streams: readonly Stream[],
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  for (const source of sources) {
    const queries = streams.filter((stream) => stream.source.name === source.name);
    yield* checkSource(deps, source, queries, signal);
  }
}

async function* checkSource(deps: SourceDeps, spec: SourceSpec, streams: readonly Stream[], signal: AbortSignal): AsyncGenerator<Finding> {
  const connects = { area: "source", subject: spec.name, check: "connect" } as const;
  await using engine = await deps.openEngine(signal);
  const opened: Source[] = [];
  try {
    yield await attempt(connects, async () => {
      opened.push(await deps.openSource(spec, { engine, stream: "doctor", run: "doctor" }, signal));
      return fine(connects, spec.type);
    });
    for (const stream of streams) yield await checkQuery(deps, opened[0] ?? null, stream, signal);
  } finally {
    for (const source of opened) await source[Symbol.asyncDispose]();
  }
}

async function checkQuery(deps: SourceDeps, source: Source | null, stream: Stream, signal: AbortSignal): Promise<Finding> {
  const name = { area: "source", subject: stream.source.name, check: stream.name } as const;
  if (source === null) return skipped(name, "needs the connection");
  return await attempt(name, async () => {
    const { columns } = await describeStream(deps, source, stream, signal);
    const estimate = await source.estimate?.(modelQuery(stream.query, source.dialect), signal);
    const cost = estimate === undefined ? "" : `; scans ${costText(estimate)}`;
    return fine(name, `the query compiles: ${counted(columns.length, "column")}, key ${stream.primaryKey.join(", ")}${cost}`);
  });
}
