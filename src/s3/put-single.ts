import type { ObjectBody } from "../core/ports.ts";
import { isAws } from "./aws-endpoint.ts";
import { writeInput } from "./object-write.ts";
import type { WriteTarget } from "./object-write.ts";
import type { Deadline } from "./retry-loop.ts";
import type { S3Connection } from "./s3-connection.ts";
import { toFailure } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";
import { checkBody, sendSlice } from "./send-body.ts";
import { setPayloadHeaders } from "./signed-payload.ts";

/**
 * Writes an object in one PUT, streamed. The planned SHA-256 is both the signed payload hash and the object's checksum,
 * so the server itself refuses any bytes but the planned ones. Throws an S3Failure.
 */
export async function putSingle(
  connection: S3Connection,
  options: S3Options,
  target: WriteTarget,
  body: ObjectBody,
  signal: AbortSignal,
  deadline: Deadline,
): Promise<void> {
  const { client, sdk } = connection;
  const input = {
    ...writeInput(options, target),
    ContentLength: body.size,
    ...(target.createOnly ? { IfNoneMatch: "*" } : {}),
    ...(options.checksums === "supported" ? { ChecksumSHA256: Buffer.from(body.sha256, "hex").toString("base64") } : {}),
  };
  // A store that knows no checksums may not look at the signed hash either.
  if (options.checksums === "required") await checkBody(body, signal);
  await connection.request({ operation: "PutObject", signal, deadline, bytes: body.size }, (send) =>
    sendSlice(body, { start: 0, end: body.size }, send.abortSignal, async (payload, abortSignal) => {
      const command = new sdk.PutObjectCommand({ ...input, Body: payload });
      // Other stores may never give the consent, and the SDK would wait for it longer than the connection may be silent.
      setPayloadHeaders(command, { sha256: body.sha256, askFirst: isAws(options.endpoint) });
      try {
        await client.send(command, { ...send, abortSignal });
      } catch (error) {
        // The file or the line: only a look at the file tells, and only for the line it helps to try again.
        if (toFailure("PutObject", error).kind === "damaged") await checkBody(body, signal);
        throw error;
      }
    }),
  );
}
