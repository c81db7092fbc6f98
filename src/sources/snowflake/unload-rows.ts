import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Transform, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { RowStatement } from "snowflake-sdk";
import { SyncError } from "../../core/errors.ts";
import type { Column } from "../../core/types.ts";
import { whereOf } from "./connection-settings.ts";
import { snowflakeDialect } from "./snowflake-dialect.ts";
import type { SnowflakeSession } from "./snowflake-session.ts";
import { lineSql } from "./snowflake-types.ts";
import { FOLDER, removeStaged, staleFolders } from "./staged-files.ts";

/** Of a compressed file on the stage; one at a time lies on this machine. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const LINE_FEED = 10;

/** Where an unload finds its room, and whose it is. */
export interface UnloadPlace {
  /** Folder of this machine for one file at a time. */
  readonly scratch: string;
  readonly run: string;
}

/** A file that the server says it wrote. */
interface StagedFile {
  readonly path: string;
  readonly rows: bigint;
}

/**
 * Brings the finished result of `statement` over by way of the user's stage: the server writes row text into compressed files, which are
 * fetched one after the other and go to the sink as they are. Returns the rows that the server says it wrote, having counted the lines.
 */
export async function unloadRows(
  session: SnowflakeSession,
  statement: RowStatement,
  columns: readonly Column[],
  place: UnloadPlace,
  sink: Writable,
  signal: AbortSignal,
): Promise<bigint> {
  const stage = `@~/${FOLDER}/${place.run}-${randomBytes(4).toString("hex")}`;
  const local = join(place.scratch, `unload-${place.run}-${randomBytes(4).toString("hex")}`);
  await mkdir(local, { recursive: true });
  try {
    for (const folder of await staleFolders(session, place.run, signal)) await removeStaged(session, `@~/${folder}`);
    let rows = 0n;
    for (const file of await copyOut(session, unloadSql(stage, statement.getQueryId(), columns), signal)) {
      await fetchFile(session, `${stage}/${basename(file.path)}`, local, signal);
      const path = join(local, basename(file.path));
      const lines = await pipeLines(path, sink, signal);
      await rm(path, { force: true });
      if (lines !== file.rows) throw torn(session, file.rows, lines);
      rows += lines;
    }
    return rows;
  } finally {
    await rm(local, { recursive: true, force: true });
    await removeStaged(session, stage);
  }
}

/** The rows of the finished statement, not of another run of it. */
export function unloadSql(stage: string, queryId: string, columns: readonly Column[]): string {
  const { quoteText } = snowflakeDialect;
  return `COPY INTO ${quoteText(`${stage}/`)} FROM (
SELECT ${lineSql(columns)} AS "l"
FROM TABLE(RESULT_SCAN(${quoteText(queryId)}))
)
FILE_FORMAT = (TYPE = CSV COMPRESSION = GZIP RECORD_DELIMITER = '\\n' FIELD_DELIMITER = NONE FIELD_OPTIONALLY_ENCLOSED_BY = NONE ESCAPE = NONE ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = FALSE)
HEADER = FALSE MAX_FILE_SIZE = ${MAX_FILE_BYTES} DETAILED_OUTPUT = TRUE`;
}

async function copyOut(session: SnowflakeSession, text: string, signal: AbortSignal): Promise<readonly StagedFile[]> {
  const what = "unload the model's rows to the user's stage";
  const rows = await session.rows({ what, sql: { text, computes: true } }, signal).catch(refusedUnload);
  return rows.map(([path, , count]) => {
    if (typeof path !== "string" || !/^\d+$/u.test(String(count)))
      throw new SyncError("INTERNAL", "Snowflake names an unloaded file in an unknown way.");
    return { path, rows: BigInt(String(count)) };
  });
}

function refusedUnload(error: unknown): never {
  if (!(error instanceof SyncError) || error.code !== "SOURCE_ACCESS_DENIED") throw error;
  throw new SyncError(error.code, error.message, {
    hint: "Set `unload_above_rows: off` in the source, and large results come through the driver too.",
    context: error.context,
  });
}

async function fetchFile(session: SnowflakeSession, staged: string, local: string, signal: AbortSignal): Promise<void> {
  const { quoteText } = snowflakeDialect;
  await session.run(
    { what: "fetch a file from the user's stage", sql: { text: `GET ${quoteText(staged)} ${quoteText(`file://${local}`)}` } },
    signal,
  );
}

/** Lets the lines of a compressed file through to the sink, which stays open, and counts them. */
async function pipeLines(path: string, sink: Writable, signal: AbortSignal): Promise<bigint> {
  let lines = 0n;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1n;
      done(null, chunk);
    },
  });
  const file = createReadStream(path, { highWaterMark: 1 << 18, signal });
  const unpacked = createGunzip({ chunkSize: 1 << 18 });
  const gone = (): void =>
    void counted.destroy(sink.errored ?? new SyncError("INTERNAL", "The reader of the rows went away without an error."));
  sink.once("close", gone);
  file.on("error", (error) => unpacked.destroy(error));
  unpacked.on("error", (error) => counted.destroy(error));
  try {
    file.pipe(unpacked).pipe(counted).pipe(sink, { end: false });
    await finished(counted, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SyncError || sink.errored !== null) throw error;
    throw new SyncError("SOURCE_TRUNCATED", "A file that Snowflake unloaded arrived torn or not at all.", {
      hint: "Nothing was delivered; run again.",
      retry: "transient",
    });
  } finally {
    sink.off("close", gone);
    file.destroy();
    unpacked.destroy();
  }
  return lines;
}

function torn(session: SnowflakeSession, expected: bigint, found: bigint): SyncError {
  const where = whereOf(session.settings);
  return new SyncError("SOURCE_TRUNCATED", `Snowflake at ${where} unloaded a file of ${expected} rows; ${found} lines arrived.`, {
    hint: "Nothing was delivered; run again.",
    retry: "transient",
  });
}
