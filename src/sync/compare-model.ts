import { join } from "node:path";
import type { Delta, ResolvedMapping } from "../core/delta.ts";
import { count, counted } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import type { DeltaRequest } from "../diffing/delta-request.ts";
import type { Engine } from "../engine/open-engine.ts";
import { resolveColumnSecrets } from "../files/column-secrets.ts";
import { adoptFiles } from "./adopt-files.ts";
import { audienceFault } from "./audience-fault.ts";
import { describeModel } from "./describe-model.ts";
import { readEvents } from "./event-window.ts";
import type { LoadedSnapshot } from "./load-snapshot.ts";
import { modelQuery } from "./model-query.ts";
import type { RunContext } from "./run-context.ts";
import { schemaChanges, type SchemaChanges } from "./schema-changes.ts";
import type { Comparison, ComparisonOptions } from "./stage-delta.ts";
import { sameTable, streamIdentity } from "./stream-identity.ts";

/** What of a comparison is known before its files are written. */
type Compared = Pick<Comparison, "delta" | "mapping" | "replaces" | "kind" | "window" | "estimate"> & {
  readonly schema: SchemaChanges | null;
};

/** Queries a stream's source and compares the result with the snapshot; the delta's own file is written to staging. */
export async function compareModel(
  context: RunContext,
  { current, snapshot }: LoadedSnapshot,
  { kind, answers, staging, adopts: held }: Pick<ComparisonOptions, "kind" | "answers" | "adopts"> & Pick<Comparison, "staging">,
  engine: Engine,
  signal: AbortSignal,
): Promise<Compared> {
  const { deps, stream, run, report, destination } = context;
  await using source = await deps.openSource(stream.source, { engine, stream: stream.name, run }, signal);
  const query = modelQuery(stream.query, source.dialect);
  const columns = await report.phase("describe", () => describeModel(source, stream.query, signal));
  const mapped = { ...stream, columns: await resolveColumnSecrets(stream.columns, signal) };
  const mapping = deps.parts.resolveMapping(mapped, columns);
  const isSame = answers.sameDestination || sameTable(current.identity, streamIdentity(stream, destination.place));
  const replaces = snapshot !== null && !isSame;
  const schema = snapshot === null || replaces || kind === "baseline" ? null : schemaChanges(snapshot.layout, layoutNow(mapping));
  const resyncs = schema !== null && kind === "delta" && stream.onSchemaChange === "resync";
  await using joined = (await deps.together?.join({ context, current, source, columns, engine }, signal)) ?? null;
  const known = { current, snapshot: replaces ? null : snapshot };
  const how = { query, mapping, kind: resyncs ? ("resync" as const) : kind };
  const events = readEvents(stream, how, known, source.dialect, joined?.at ?? deps.clock.now());
  const rows = events?.query ?? query;
  const estimate = (await source.estimate?.(rows, signal)) ?? null;
  const { columns: extracted, keyCount, ignoredCount } = mapping;
  const projection = { query: rows, columns: extracted, keyCount, ignoredCount };
  const read = (await joined?.read(projection, signal)) ?? null;
  if (read !== null) report.read(read.reading);
  const folder = staging.path;
  const adopted = held === undefined ? null : await adoptFiles(context, mapping, held, { folder, engine }, signal);
  const request = {
    source: read?.source ?? source,
    projection,
    outputs: mapping.outputs,
    mappingText: mapping.text,
    snapshot: events?.snapshot ?? known.snapshot,
    changes: stream.changes,
    kind: how.kind,
    ...adopts(stream, schema, mapping),
    ...(events === null ? {} : { append: events.remembers }),
    ...(adopted === null ? {} : { adopts: adopted }),
    path: join(folder, "delta.parquet"),
    scratch: deps.scratch,
  };
  const delta = await report
    .phase("diff", () => deps.parts.computeDelta(engine, request, signal), diffDetail)
    .catch((error: unknown) => {
      throw audienceFault(error, stream.query, source.dialect, rows);
    });
  return { delta, mapping, replaces, kind: request.kind, schema, estimate, ...(events === null ? {} : { window: events.window }) };
}

/** Outputs that are not compared: what is new where that is taken as told, and the cursor, which tells nobody anything. */
function adopts(stream: Stream, schema: SchemaChanges | null, { cursor }: ResolvedMapping): Pick<DeltaRequest, "adopted"> {
  const places = [
    ...(schema !== null && stream.onSchemaChange === "adopt" ? schema.adopted : []),
    ...(cursor === undefined ? [] : [cursor.output]),
  ];
  return places.length === 0 ? {} : { adopted: places };
}

function layoutNow({ columns, keyCount, ignoredCount, outputs, text }: ResolvedMapping): Parameters<typeof schemaChanges>[1] {
  return { columns, keyCount, ignoredCount, outputs, mapping: text };
}

function diffDetail(delta: Delta): string {
  const { added, changed, removed, full, current } = delta.counts;
  const told = full > 0n ? `*${count(full)} -${count(removed)}` : `+${count(added)} ~${count(changed)} -${count(removed)}`;
  return `${counted(current, "row")}: ${told}`;
}
