import type { Writable } from "node:stream";
import type pg from "pg";
import { SyncError } from "../../core/errors.ts";
import { CopyFrames } from "./copy-frames.ts";
import type { Connection } from "./open-connection.ts";

/** Bytes handed to the sink and not yet taken by it, above which the server is left waiting. */
const MOST_IN_FLIGHT = 1024 * 1024;
const RESUME_BELOW = 512 * 1024;

/** A column of a statement that was parsed and not run. */
export interface Field {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
}

/** What a statement would return; `fields` is null when it returns no rows at all. */
export interface Described {
  readonly fields: readonly Field[] | null;
  readonly parameters: number;
}

/** What pg calls on the query at hand (pg's own Query has these methods; @types/pg names only `submit`). */
interface ActiveQuery extends pg.Submittable {
  handleError(error: Error): void;
  handleReadyForQuery(): void;
  handleRowDescription(message: { readonly fields: readonly RawField[] }): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handleDataRow(): void;
  handleEmptyQuery(): void;
  handlePortalSuspended(): void;
  handleCopyInResponse(connection: pg.Connection): void;
  handleCopyData(): void;
}

interface RawField {
  readonly name: string;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
}

const nothing = (): undefined => undefined;
const IGNORES = {
  handleRowDescription: nothing,
  handleCommandComplete: nothing,
  handleDataRow: nothing,
  handleEmptyQuery: nothing,
  handlePortalSuspended: nothing,
  handleCopyInResponse: nothing,
  handleCopyData: nothing,
} as const;

/** Parses one statement without running it. The extended protocol takes exactly one, so a second is refused by the server. */
export async function parseOnly(client: pg.Client, text: string): Promise<Described> {
  const { connection } = client;
  let fields: readonly Field[] | null = null;
  let parameters = 0;
  const onParameters = (message: { readonly dataTypeIDs: readonly number[] }): void => {
    parameters = message.dataTypeIDs.length;
  };
  connection.on("parameterDescription", onParameters);
  try {
    await new Promise<void>((resolve, reject) => {
      const query: ActiveQuery = {
        ...IGNORES,
        submit: () => {
          connection.parse({ name: "", text, types: [] }, true);
          connection.describe({ type: "S", name: "" }, true);
          connection.sync();
        },
        handleRowDescription: (message) => {
          fields = message.fields.map((raw) => ({ name: raw.name, typeOid: raw.dataTypeID, typeModifier: raw.dataTypeModifier }));
        },
        handleError: reject,
        handleReadyForQuery: resolve,
      };
      client.query(query);
    });
  } finally {
    connection.off("parameterDescription", onParameters);
  }
  return { fields, parameters };
}

/**
 * Runs `COPY (…) TO STDOUT` and hands its bytes to the sink as they come, without ever looking at a row. Returns the number of rows
 * that the server says it sent; what ends without that number is SOURCE_TRUNCATED. `waiting` is told when the sink holds things up;
 * `mark` is put before each row.
 */
export async function copyOut(
  { client, bytes }: Connection,
  text: string,
  { sink, mark = null }: { readonly sink: Writable; readonly mark?: string | null },
  waiting: (onSink: boolean) => void,
): Promise<bigint> {
  const frames = new CopyFrames(mark);
  let inFlight = 0;
  let paused = false;
  bytes.take((chunk) => {
    const others: Buffer[] = [];
    const length = frames.split(chunk, (other) => others.push(other));
    if (length > 0) {
      inFlight += length;
      sink.write(chunk.subarray(0, length), () => {
        inFlight -= length;
        if (paused && inFlight < RESUME_BELOW) {
          paused = false;
          waiting(false);
          bytes.resume();
        }
      });
    }
    if (inFlight > MOST_IN_FLIGHT && !paused) {
      paused = true;
      waiting(true);
      bytes.pause();
    } else {
      waiting(paused);
    }
    for (const other of others) bytes.pass(other);
  });
  try {
    return await runCopy(client, text);
  } finally {
    bytes.giveBack();
  }
}

function runCopy(client: pg.Client, text: string): Promise<bigint> {
  return new Promise<bigint>((resolve, reject) => {
    let rows: bigint | null = null;
    const query: ActiveQuery = {
      ...IGNORES,
      submit: (connection) => connection.query(text),
      handleCommandComplete: (message) => {
        const tag = /^COPY (\d+)$/u.exec(message.text)?.[1];
        rows = tag === undefined ? null : BigInt(tag);
      },
      handleError: reject,
      handleReadyForQuery: () => {
        if (rows === null) reject(truncated());
        else resolve(rows);
      },
    };
    client.query(query);
  });
}

/** The result ended without the server's word that it was all. */
export function truncated(): SyncError {
  return new SyncError("SOURCE_TRUNCATED", "The result ended before Postgres said that it was complete.", {
    hint: "Nothing was delivered; run again. If it comes back, look at the server's log and at what lies between.",
    retry: "transient",
  });
}
