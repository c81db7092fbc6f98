import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ObjectBody } from "../core/ports.ts";
import { putSingle } from "./put-single.ts";
import type { S3Connection } from "./s3-connection.ts";
import { S3Failure } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";

/** Whether the store keeps `If-None-Match: *`, on which create-once writes rest. */
export type ConditionalWrites = "honoured" | "ignored";

/** Key below the destination's prefix where the condition is tried out; one small object stays there. */
export const PROBE_KEY = "_spillway/probe";

/** What is no longer promised where the store ignores conditions. */
export const NO_CONDITIONS_WARNING =
  "The store does not honour conditional writes (If-None-Match): each object is looked for and then written. Retries still send the same bytes " +
  "to the same keys, but another writer is not noticed, and an object that it wrote in between is overwritten.";

/** Finds out by writing the same small object twice: the second must be refused. Throws an S3Failure. */
export async function probeConditionalWrites(
  connection: S3Connection,
  options: S3Options,
  key: string,
  signal: AbortSignal,
): Promise<ConditionalWrites> {
  const target = { key, facts: null, createOnly: true };
  try {
    await putSingle(connection, options, target, PROBE_BODY, signal, connection.deadline());
    await putSingle(connection, options, target, PROBE_BODY, signal, connection.deadline());
    return "ignored";
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    if (error.kind === "exists") return "honoured";
    if (error.kind === "unsupported") return "ignored";
    throw error;
  }
}

const PROBE_BYTES = Buffer.from("Spillway looks here whether this store honours If-None-Match.\n");
const PROBE_BODY: ObjectBody = {
  size: PROBE_BYTES.length,
  sha256: createHash("sha256").update(PROBE_BYTES).digest("hex"),
  open: (start, end) => Readable.from([PROBE_BYTES.subarray(start, end)]),
};
