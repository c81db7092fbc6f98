import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CHANGE_KINDS, type Stream } from "../core/types.ts";
import { resolveColumnSecrets } from "../files/column-secrets.ts";
import { readCurrent } from "../state/current.ts";
import { audienceFault } from "./audience-fault.ts";
import { describeModel } from "./describe-model.ts";
import { readEvents } from "./event-window.ts";
import { modelQuery } from "./model-query.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** The first rows of a stream as its next file would show them. */
export interface StreamPreview {
  readonly stream: string;
  /** The file's columns, in its order. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** The file, byte for byte; empty when there is no row. */
  readonly text: string;
}

/** Some rows of a stream (those that the source returns first) as they would stand in a file. Sends and keeps nothing. */
export async function previewStream(deps: SyncDeps, stream: Stream, limit: number, signal: AbortSignal): Promise<StreamPreview> {
  await mkdir(deps.scratch, { recursive: true });
  const folder = await mkdtemp(join(deps.scratch, "preview-"));
  try {
    return await previewIn(folder, deps, stream, limit, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function previewIn(folder: string, deps: SyncDeps, stream: Stream, limit: number, signal: AbortSignal): Promise<StreamPreview> {
  const run = deps.newRunId();
  const current = await readCurrent(deps.state, stream.name, signal);
  const generation = (current?.generation ?? 0) + 1;
  await using engine = await deps.openEngine(signal);
  await using source = await deps.openSource(stream.source, { engine, stream: stream.name, run }, signal);
  const bare = modelQuery(stream.query, source.dialect);
  const mapped = { ...stream, columns: await resolveColumnSecrets(stream.columns, signal) };
  const mapping = deps.parts.resolveMapping(mapped, await describeModel(source, stream.query, signal));
  const kind = stream.mode === "full" ? ("full" as const) : ("delta" as const);
  const known = { current: current ?? { identity: {} }, snapshot: null };
  const events = readEvents(stream, { query: bare, mapping, kind }, known, source.dialect, deps.clock.now());
  const query = `SELECT * FROM (\n${events?.query ?? bare}\n) AS preview LIMIT ${limit}`;
  const { columns, keyCount, ignoredCount } = mapping;
  const request = {
    source,
    projection: { query, columns, keyCount, ignoredCount },
    outputs: mapping.outputs,
    mappingText: mapping.text,
    snapshot: null,
    changes: CHANGE_KINDS,
    kind,
    path: join(folder, "delta.parquet"),
    scratch: folder,
  };
  const delta = await deps.parts.computeDelta(engine, request, signal).catch((error: unknown) => {
    throw audienceFault(error, stream.query, source.dialect, query);
  });
  const scheduledAt = deps.clock.now();
  const [file] = await deps.parts.writeFiles(
    engine,
    { delta, mapping, stream: readable(stream), run, generation, scheduledAt, folder },
    signal,
  );
  return {
    stream: stream.name,
    columns: mapping.header.map((column) => column.name),
    rows: Number(delta.counts.current),
    text: file === undefined ? "" : await readFile(file.path, "utf8"),
  };
}

/** The stream with its rows in one file that people can read: neither split nor compressed nor encrypted; Parquet as its columns' texts. */
function readable(stream: Stream): Stream {
  const { format } = stream.fileFormat;
  const plain = {
    compression: "none",
    recipients: [],
    splitBy: [],
    maxRows: null,
    maxBytes: null,
    bom: false,
    groups: [],
    overwrite: false,
  } as const;
  const fixed = { folder: "", name: "{generation}-{change}-{part}" };
  return { ...stream, fileFormat: { ...stream.fileFormat, ...plain, ...fixed, format: format === "parquet" ? "csv" : format } };
}
