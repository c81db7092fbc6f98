import { join } from "node:path";
import type { Delta, ResolvedMapping, StagedFile } from "../core/delta.ts";
import { hashFile, syncFile } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import type { FileChange, MetadataField, SqlExpr, Stream } from "../core/types.ts";
import { sqlName, sqlText } from "../engine/sql-literal.ts";
import { encodeField, isAlwaysBare } from "./encode-field.ts";
import { objectKey } from "./object-key.ts";

/** What a delta's files are written from and for. */
export interface FilesRequest {
  readonly delta: Pick<Delta, "path" | "counts">;
  readonly mapping: Pick<ResolvedMapping, "header" | "outputs">;
  readonly stream: Pick<Stream, "name" | "model" | "delivery" | "fileFormat">;
  readonly run: string;
  readonly generation: number;
  /** The slot; without one, the instant that stands for it. */
  readonly scheduledAt: Date;
  /** An existing folder of this run's own. */
  readonly folder: string;
}

/** The order in which a consumer applies the files of a generation: a key that left and came back ends up present. */
export const APPLY_ORDER: readonly FileChange[] = ["removed", "changed", "added", "full"];

/**
 * Writes one file for each change that has rows, in the order of `APPLY_ORDER`; rows stand in the delta's order. The bytes are on disk
 * (synced) when it returns, and depend on nothing but the request. DATA_UNENCODABLE when a value cannot be written.
 */
export async function writeFiles(session: SqlSession, request: FilesRequest, signal: AbortSignal): Promise<readonly StagedFile[]> {
  const header = request.stream.fileFormat.header ? await headerLine(session, request, signal) : null;
  const files: StagedFile[] = [];
  for (const change of APPLY_ORDER) {
    if (request.delta.counts[change] > 0n) files.push(await writeFile(session, request, change, header, signal));
  }
  return files;
}

async function writeFile(
  session: SqlSession,
  request: FilesRequest,
  change: FileChange,
  header: string | null,
  signal: AbortSignal,
): Promise<StagedFile> {
  const part = 1;
  const path = join(request.folder, `${change}-${String(part).padStart(4, "0")}`);
  const rows = await copyRows(session, request, change, header, path, signal);
  if (rows !== request.delta.counts[change]) {
    throw new SyncError(
      "INTERNAL",
      `The ${change} file of ${request.stream.name} got ${rows} rows where the delta counts ${request.delta.counts[change]}.`,
    );
  }
  await syncFile(path);
  const { size, sha256 } = await hashFile(path, signal);
  const { stream, run, generation, scheduledAt } = request;
  const key = objectKey({ ...stream, ...stream.fileFormat, stream: stream.name }, { generation, change, part, run, scheduledAt });
  return { change, part, path, key, rows, size, sha256 };
}

/** The engine's CSV writer adds nothing but LF to a single column without quote and delimiter, so the lines are ours byte for byte. */
async function copyRows(
  session: SqlSession,
  request: FilesRequest,
  change: FileChange,
  header: string | null,
  path: string,
  signal: AbortSignal,
): Promise<bigint> {
  const line = joinFields(encodedFields(request, change), request);
  const select = `SELECT ${line} AS ${header === null ? "line" : sqlName(header)} FROM ${deltaRows(request, change)}`;
  const options = `FORMAT csv, HEADER ${header !== null}, DELIMITER '', QUOTE '', ESCAPE '', NULLSTR ''`;
  try {
    const [copied] = await session.rows(`COPY (${select}) TO ${sqlText(path)} (${options})`, signal);
    return BigInt(copied?.[0] ?? 0);
  } catch (error) {
    signal.throwIfAborted();
    throw (await unencodable(session, request, change, signal)) ?? error;
  }
}

function deltaRows(request: FilesRequest, change: FileChange): string {
  return `read_parquet(${sqlText(request.delta.path)}) WHERE op = ${sqlText(change)}`;
}

/** `concat` builds a line in one piece; a chain of `||` copies it once per column and takes twice as long. */
function joinFields(fields: readonly SqlExpr[], request: FilesRequest): SqlExpr {
  return `concat(${fields.join(`, ${sqlText(request.stream.fileFormat.delimiter)}, `)})`;
}

function encodedFields(request: FilesRequest, change: FileChange): readonly SqlExpr[] {
  const format = request.stream.fileFormat;
  return fieldTexts(request, change).map((text, at) => {
    const column = request.mapping.header[at];
    const kind = column !== undefined && "output" in column ? request.mapping.outputs[column.output]?.kind : undefined;
    // What was told before may have been told as another kind.
    const bare = change !== "removed" && kind !== undefined && isAlwaysBare(kind, format);
    return bare ? `coalesce(${text}, ${sqlText(format.nullText)})` : encodeField(text, format);
  });
}

/** The text of every column of the file. Removed rows have only the outputs that were told last. */
function fieldTexts(request: FilesRequest, change: FileChange): readonly SqlExpr[] {
  const outputs = change === "removed" ? "p" : "o";
  return request.mapping.header.map((column) =>
    "output" in column ? `${outputs}${column.output}` : sqlText(metadataText(column.metadata, request, change)),
  );
}

function metadataText(field: MetadataField, request: FilesRequest, change: FileChange): string {
  switch (field) {
    case "_change":
      return change;
    case "_member":
      return String(change !== "removed");
    case "_run_id":
      return request.run;
    case "_generation":
      return String(request.generation);
    case "_scheduled_at":
      return request.scheduledAt.toISOString().replace(/\.?0*Z$/u, "Z");
  }
}

/** Encoded by the same SQL as the rows, so that one rule quotes both. */
async function headerLine(session: SqlSession, request: FilesRequest, signal: AbortSignal): Promise<string> {
  const names = request.mapping.header.map((column) => encodeField(sqlText(column.name), request.stream.fileFormat));
  const [row] = await session.rows(`SELECT ${joinFields(names, request)}`, signal);
  return row?.[0] ?? "";
}

/** Finds out, once writing has failed, whether NUL characters are why: looking before would read every value twice in every run. */
async function unencodable(session: SqlSession, request: FilesRequest, change: FileChange, signal: AbortSignal): Promise<SyncError | null> {
  const counts = fieldTexts(request, change).map((text) => `count(*) FILTER (WHERE contains(${text}, chr(0)))`);
  const [row = []] = await session.rows(`SELECT ${counts.join(", ")} FROM ${deltaRows(request, change)}`, signal);
  const columns = request.mapping.header.flatMap((column, at) => (row[at] === "0" ? [] : [{ name: column.name, rows: row[at] ?? "" }]));
  if (columns.length === 0) return null;
  const found = columns.map((column) => `"${column.name}" (${column.rows} ${column.rows === "1" ? "row" : "rows"})`).join(", ");
  return new SyncError(
    "DATA_UNENCODABLE",
    `A NUL character stands in ${found} of the ${change} rows of ${request.stream.name}: a ${request.stream.fileFormat.format} file cannot carry it.`,
    {
      hint: "Take it out in the model's query, e.g. replace(name, chr(0), '').",
      context: { stream: request.stream.name, change, columns: columns.map((column) => column.name) },
    },
  );
}
