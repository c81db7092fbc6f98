import type { ObjectBody } from "../core/ports.ts";
import { combineCrc32, crc32Base64 } from "./crc32-combine.ts";
import { inspectParts } from "./inspect-parts.ts";
import type { InspectedPart } from "./inspect-parts.ts";
import { addressOf, writeInput } from "./object-write.ts";
import type { WriteTarget } from "./object-write.ts";
import type { Part } from "./part-plan.ts";
import type { Deadline } from "./retry-loop.ts";
import type { S3Connection } from "./s3-connection.ts";
import { S3Failure } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";
import { checkBody, sendSlice } from "./send-body.ts";
import { setPayloadHeaders } from "./signed-payload.ts";

const ABORT_TIMEOUT_MS = 10_000;

/** Everything that the steps of one upload share. */
export interface Upload {
  readonly connection: S3Connection;
  readonly options: S3Options;
  readonly target: WriteTarget;
  readonly body: ObjectBody;
  readonly parts: readonly Part[];
  readonly deadline: Deadline;
}

/**
 * Writes an object in parts: they are sent side by side and become an object only when all stand, under the condition of
 * the target. An upload that does not end so is aborted, and started over where S3 says that only that helps. Throws an S3Failure.
 */
export async function putMultipart(upload: Upload, signal: AbortSignal): Promise<void> {
  let maybeDone = false;
  for (let round = 1; ; round += 1) {
    const uploadId = await createUpload(upload, signal);
    try {
      const sent = await sendParts(upload, uploadId, signal);
      await completeUpload(upload, uploadId, sent, signal);
      return;
    } catch (error) {
      await abortUpload(upload, uploadId);
      if (!(error instanceof S3Failure)) throw error;
      error.maybeDone = maybeDone = maybeDone || error.maybeDone;
      // conflict: S3 asks to start over. no_upload: a lost Complete went through, or somebody aborted; the condition on the next Complete tells.
      const startOver = error.kind === "conflict" || error.kind === "no_upload";
      if (startOver && round < upload.options.max_attempts) continue;
      if (error.kind === "damaged") await checkBody(upload.body, signal);
      throw error;
    }
  }
}

async function createUpload({ connection, options, target, deadline }: Upload, signal: AbortSignal): Promise<string> {
  const { client, sdk } = connection;
  const input = {
    ...writeInput(options, target),
    ...(options.checksums === "supported" ? { ChecksumAlgorithm: "CRC32" as const, ChecksumType: "FULL_OBJECT" as const } : {}),
  };
  try {
    return await connection.request({ operation: "CreateMultipartUpload", signal, deadline }, async (send) => {
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(input), send);
      if (UploadId === undefined) throw new S3Failure("CreateMultipartUpload", "server", new Error("no upload id in the answer"));
      return UploadId;
    });
  } catch (error) {
    throw neverDone(error);
  }
}

interface SentPart extends InspectedPart {
  readonly etag: string;
}

/**
 * Sends all parts, `concurrency.parts` at a time; the first that fails stops the others. The body is read in order for the checksums
 * while parts that were read are on their way, and opened anew for every try, so that no part is ever held in memory.
 */
async function sendParts(upload: Upload, uploadId: string, signal: AbortSignal): Promise<readonly SentPart[]> {
  const { body, parts, options } = upload;
  const group = new AbortController();
  const either = AbortSignal.any([signal, group.signal]);
  const inspected = inspectParts(body, parts, options.checksums === "required", either);
  const sent: SentPart[] = [];
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    try {
      for (let next = await inspected.next(); next.done !== true; next = await inspected.next()) {
        either.throwIfAborted();
        sent.push(await sendPart(upload, uploadId, next.value, either));
      }
    } catch (error) {
      failures.push(error);
      group.abort(error);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency.parts }, work));
  await inspected.return();
  signal.throwIfAborted();
  if (failures.length > 0) throw neverDone(failures[0]);
  return sent.toSorted((a, b) => a.number - b.number);
}

async function sendPart(upload: Upload, uploadId: string, part: InspectedPart, signal: AbortSignal): Promise<SentPart> {
  const { connection, options, target, body, deadline } = upload;
  const { client, sdk } = connection;
  const bytes = part.end - part.start;
  const checked = options.checksums === "supported";
  const input = {
    ...addressOf(options, target.key),
    UploadId: uploadId,
    PartNumber: part.number,
    ContentLength: bytes,
    ...(checked ? { ChecksumCRC32: crc32Base64(part.crc) } : {}),
  };
  const etag = await connection.request({ operation: "UploadPart", signal, deadline, bytes }, (send) =>
    sendSlice(body, part, send.abortSignal, async (payload, abortSignal) => {
      const command = new sdk.UploadPartCommand({ ...input, Body: payload });
      setPayloadHeaders(command, { askFirst: false, ...(checked ? {} : { sha256: part.sha256 }) });
      const { ETag } = await client.send(command, { ...send, abortSignal });
      if (ETag === undefined) throw new S3Failure("UploadPart", "server", new Error("no ETag in the answer"));
      return ETag;
    }),
  );
  return { ...part, etag };
}

async function completeUpload(upload: Upload, uploadId: string, sent: readonly SentPart[], signal: AbortSignal): Promise<void> {
  const { connection, options, target, body, deadline } = upload;
  const { client, sdk } = connection;
  const checked = options.checksums === "supported";
  const Parts = sent.map(({ number, etag, crc }) => ({
    PartNumber: number,
    ETag: etag,
    ...(checked ? { ChecksumCRC32: crc32Base64(crc) } : {}),
  }));
  const whole = sent.reduce((crc, part) => combineCrc32(crc, part.crc, part.end - part.start), 0);
  const input = {
    ...addressOf(options, target.key),
    UploadId: uploadId,
    MultipartUpload: { Parts },
    ...(target.createOnly ? { IfNoneMatch: "*" } : {}),
    ...(checked ? { ChecksumCRC32: crc32Base64(whole), ChecksumType: "FULL_OBJECT" as const, MpuObjectSize: body.size } : {}),
  };
  await connection.request({ operation: "CompleteMultipartUpload", signal, deadline }, (send) =>
    client.send(new sdk.CompleteMultipartUploadCommand(input), send),
  );
}

/**
 * Parts of an upload that nobody ends cost its owner money. The upload's own error matters more than this one's, and a role
 * may lack s3:AbortMultipartUpload: then the bucket's lifecycle rule cleans up. The caller's signal may be the reason to stop.
 */
async function abortUpload({ connection: { client, sdk }, options, target }: Upload, uploadId: string): Promise<void> {
  const command = new sdk.AbortMultipartUploadCommand({ ...addressOf(options, target.key), UploadId: uploadId });
  try {
    await client.send(command, { abortSignal: AbortSignal.timeout(ABORT_TIMEOUT_MS) });
  } catch {
    // See above: nothing is lost that is not lost already.
  }
}

/** Parts are no object: whatever became of these requests, nothing stands at the key by them. */
function neverDone(error: unknown): unknown {
  if (error instanceof S3Failure) error.maybeDone = false;
  return error;
}
