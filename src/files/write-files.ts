import type { Delta, ResolvedMapping, StagedFile } from "../core/delta.ts";
import { syncFile } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import { hashFile } from "../core/scan-file.ts";
import type { FileChange, Stream } from "../core/types.ts";
import { fileGroups, type FileGroup } from "./change-groups.ts";
import { beginsWithBom, type CopyTarget, type WrittenPart, writePart } from "./copy-rows.ts";
import { writeCutParts } from "./cut-rows.ts";
import { encryptFile } from "./encrypt-file.ts";
import { fileRows, findUnencodable, headerLine } from "./file-rows.ts";
import { fileTemplate, shownSlot } from "./file-template.ts";
import { objectKey } from "./object-key.ts";

/** Every row of a snapshot, told beside a delta: a Parquet file such as a base is (core/delta.ts). */
export interface WholeRows {
  /** Absolute path. */
  readonly path: string;
  readonly rows: bigint;
}

/** What a delta's files are written from and for. */
export interface FilesRequest {
  readonly delta: Pick<Delta, "path" | "counts">;
  /** Of a checkpoint: its rows are told as `full`, in files behind those of the delta. */
  readonly whole?: WholeRows;
  readonly mapping: Pick<ResolvedMapping, "header" | "removed" | "outputs" | "splits" | "keyCount">;
  readonly stream: Pick<Stream, "name" | "model" | "delivery" | "fileFormat" | "schedule">;
  readonly run: string;
  readonly generation: number;
  /** The slot; without one, the instant that stands for it. */
  readonly scheduledAt: Date;
  /** An existing folder of this run's own. */
  readonly folder: string;
}

/**
 * Writes the files of a delta in the order to apply them; rows stand in the delta's order. The bytes are on disk (synced) when it returns, and depend on
 * nothing but the request, but for encrypted ones. DATA_UNENCODABLE when a value cannot be written.
 */
export async function writeFiles(session: SqlSession, request: FilesRequest, signal: AbortSignal): Promise<readonly StagedFile[]> {
  const files: StagedFile[] = [];
  for (const group of groupsToWrite(request)) {
    const header = await headerLine(session, request, group.declared, signal);
    const target = { folder: request.folder, format: request.stream.fileFormat, header };
    const parts = await writeGroup(session, request, group, target, files.length, signal);
    for (const part of parts) files.push(await finishFile(request, group, part, signal));
  }
  return files;
}

/** A group whose files are written: of which of its kinds there are rows, and which it can have. */
interface WrittenGroup extends FileGroup {
  readonly declared: FileGroup["kinds"];
}

/** Groups with rows, and under `empty: header_only` those without as well, so that a receiver finds the same names every time. */
function groupsToWrite(request: FilesRequest): readonly WrittenGroup[] {
  const format = request.stream.fileFormat;
  const groups = fileGroups(format).map(({ name, kinds }) => ({
    name,
    kinds: kinds.filter((kind) => rowsTold(request, kind) > 0n),
    declared: kinds,
  }));
  // The one object is the whole table: what is not in it is gone.
  if (format.overwrite) return groups.filter((group) => group.name === "full");
  const also = format.empty === "header_only" ? expectedGroups(request) : [];
  return groups.filter((group) => group.kinds.length > 0 || also.includes(group.name));
}

function expectedGroups({ stream, whole, delta }: FilesRequest): readonly string[] {
  const { groups } = stream.fileFormat;
  if (groups.length === 0) return ["removed", "full"];
  if (whole === undefined && delta.counts.full > 0n) return ["full"];
  return [...groups.map((group) => group.name), ...(whole === undefined ? [] : ["full"])];
}

/** How many rows of a kind a request tells. */
function rowsTold({ delta, whole }: FilesRequest, kind: FileChange): bigint {
  return kind === "full" && whole !== undefined ? whole.rows : delta.counts[kind];
}

async function writeGroup(
  session: SqlSession,
  request: FilesRequest,
  group: WrittenGroup,
  target: CopyTarget,
  written: number,
  signal: AbortSignal,
): Promise<readonly WrittenPart[]> {
  const rows = fileRows(request, group.kinds, group.declared);
  const expected = group.kinds.reduce((sum, kind) => sum + rowsTold(request, kind), 0n);
  try {
    const parts = isCut(target, expected)
      ? await writeCutParts(session, request, group.name, rows, target, written, signal)
      : [await writePart(session, target, `SELECT ${rows.values} FROM ${rows.from}`, { index: written, split: {}, part: 1 }, signal)];
    refuseOtherCount(request, group.name, parts, expected);
    return parts;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SyncError && error.code.startsWith("DATA_")) throw error;
    throw (await findUnencodable(session, request, group.name, rows, signal)) ?? error;
  }
}

/** Whether rows have to be counted or measured before it is known in which file they stand. A first line carries the byte order mark by itself. */
function isCut({ format, header }: CopyTarget, rows: bigint): boolean {
  if (rows === 0n) return false;
  return format.splitBy.length > 0 || format.maxRows !== null || format.maxBytes !== null || (beginsWithBom(format) && header === null);
}

function refuseOtherCount(request: FilesRequest, change: string, parts: readonly WrittenPart[], expected: bigint): void {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0n);
  if (rows === expected) return;
  throw new SyncError("INTERNAL", `The ${change} files of ${request.stream.name} got ${rows} rows where the delta counts ${expected}.`);
}

async function finishFile(request: FilesRequest, group: FileGroup, written: WrittenPart, signal: AbortSignal): Promise<StagedFile> {
  const { split, part, rows } = written;
  const { stream, run, generation } = request;
  const scheduledAt = shownSlot(stream, request.scheduledAt);
  const format = stream.fileFormat;
  const path = format.recipients.length === 0 ? written.path : await encryptFile(written.path, format.recipients, signal);
  await syncFile(path);
  const { size, sha256 } = written.hashed ?? (await hashFile(path, signal));
  const key = objectKey(fileTemplate(stream), { generation, change: group.name, split, part, run, scheduledAt });
  return { change: group.name, split, part, path, key, rows, size, sha256 };
}
