import type { Readable } from "node:stream";
import type { RowStatement } from "snowflake-sdk";
import { SyncError } from "../../core/errors.ts";
import type { RowTextWriter, TextRow } from "../../engine/row-text-writer.ts";
import { whereOf } from "./connection-settings.ts";
import { onUnreadablePart } from "./load-driver.ts";
import { snowflakeError } from "./snowflake-error.ts";
import type { SnowflakeSession } from "./snowflake-session.ts";
import { withDeadline } from "./with-deadline.ts";

const ROWS_AT_ONCE = 2000;

/** Looks at one result: its addresses expire, and the driver cannot always renew them. */
const LOOKS = 3;

/**
 * Writes the rows of a statement, whose columns are all text, as they come; a writer that waits holds the driver back. A part that cannot be
 * fetched is asked for again from the row at which it broke off: the service keeps the finished result.
 */
export async function streamRows(
  session: SnowflakeSession,
  statement: RowStatement,
  writer: RowTextWriter,
  signal: AbortSignal,
): Promise<void> {
  refuseTyped(statement);
  const expected = statement.getNumRows();
  let source = statement;
  for (let look = 1; ; look += 1) {
    const broken = await drain(session, source.streamRows({ start: Number(writer.rows) }), writer, signal);
    if (broken === null) return;
    signal.throwIfAborted();
    const failure = unfetched(session, broken.error);
    if (failure.retry !== "transient" || look === LOOKS || Number(writer.rows) >= expected) throw failure;
    source = await session.again(statement, signal);
    if (source.getNumRows() !== expected) throw unfetched(session, null);
  }
}

/** Tells why the stream broke off before its end, or null; what the writer throws is thrown. */
async function drain(
  session: SnowflakeSession,
  stream: Readable,
  writer: RowTextWriter,
  signal: AbortSignal,
): Promise<{ readonly error: unknown } | null> {
  const ending = new Ending(stream);
  try {
    for (;;) {
      const rows = readSome(stream);
      if (rows.length > 0) await writer.write(rows);
      else if (ending.reached) return null;
      else {
        const error = await more(session, ending, signal).then(() => null, asBroken);
        if (error !== null) return error;
      }
    }
  } finally {
    ending.forget();
    stream.destroy();
  }
}

function asBroken(error: unknown): { readonly error: unknown } {
  return { error };
}

/** What the driver throws while it fetches: a part of the result did not come, or not in a form that it reads. */
function unfetched(session: SnowflakeSession, error: unknown): SyncError {
  const known = snowflakeError(error, { what: "fetch the model's rows", where: whereOf(session.settings) });
  if (known.code !== "SOURCE_CONNECTION_LOST") return known;
  return new SyncError("SOURCE_TRUNCATED", `Snowflake at ${whereOf(session.settings)}: a part of the result did not arrive whole.`, {
    hint: "Nothing was delivered; run again. If it comes back, look at what lies between.",
    retry: "transient",
  });
}

function readSome(stream: Readable): readonly TextRow[] {
  const rows: TextRow[] = [];
  while (rows.length < ROWS_AT_ONCE) {
    const row: unknown = stream.read();
    if (row === null) break;
    if (!isTexts(row)) throw torn("a row that lacks a field");
    rows.push(row);
  }
  return rows;
}

function isTexts(row: unknown): row is TextRow {
  return Array.isArray(row) && row.every((field) => typeof field === "string" || field === null);
}

function torn(what: string): SyncError {
  return new SyncError("SOURCE_TRUNCATED", `Snowflake sent ${what}.`, {
    hint: "Nothing was delivered; run again. If it comes back, look at what lies between.",
    retry: "transient",
  });
}

/** How a stream has ended, if it has; told by its events, which may come while nobody waits. */
class Ending {
  reached = false;
  error: Error | null = null;
  /** What to call at the next event. */
  wake: () => void = () => undefined;
  readonly forget: () => void;

  constructor(stream: Readable) {
    // It may be another result's part; then nothing is lost by looking again.
    this.forget = onUnreadablePart(() => {
      this.error = torn("a part that is no JSON");
      this.wake();
    });
    stream.on("readable", () => this.wake());
    stream.on("end", () => {
      this.reached = true;
      this.wake();
    });
    stream.on("error", (error: Error) => {
      this.error = error;
      this.wake();
    });
  }
}

/** A chunk that the driver cannot read leaves the stream silent for ever. */
async function more(session: SnowflakeSession, ending: Ending, signal: AbortSignal): Promise<void> {
  const { idleTimeoutMs } = session.settings;
  const late = (): SyncError =>
    new SyncError("SOURCE_TRUNCATED", `Snowflake at ${whereOf(session.settings)} sent no more rows for ${idleTimeoutMs / 1000} s.`, {
      hint: "Nothing was delivered; run again. If it comes back, look at what lies between, or raise `idle_timeout:` of the source.",
      retry: "transient",
    });
  await withDeadline<void>({ ms: idleTimeoutMs, signal, late }, ({ resolve, reject }) => {
    if (ending.error !== null) reject(ending.error);
    ending.wake = () => (ending.error === null ? resolve() : reject(ending.error));
  });
}

/** The projection makes text of every column; anything else would have gone through the driver's conversions. */
function refuseTyped(statement: RowStatement): void {
  const typed = (statement.getColumns() ?? []).find((column) => column.getType().toLowerCase() !== "text");
  if (typed !== undefined) throw new SyncError("INTERNAL", `The projection's column ${typed.getName()} is no text but ${typed.getType()}.`);
}
