import type { IncomingMessage } from "node:http";
import { CHECKSUMS, checksumOf, md5, sha256Hex } from "./checksums.ts";
import type { ChecksumName } from "./checksums.ts";
import { WireError } from "./wire-error.ts";

const TRAILER_PAYLOAD = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
/** S3 refuses smaller chunks, the last one apart. */
const SMALLEST_CHUNK = 8192;

/** Reads the body and holds it to everything that its headers and trailers say about it. */
export async function readPayload(request: IncomingMessage, headers: Readonly<Record<string, string>>): Promise<Buffer> {
  const raw = await collect(request);
  const announced = headers["x-amz-content-sha256"];
  if (announced?.startsWith("STREAMING-") === true) {
    if (announced !== TRAILER_PAYLOAD) throw new WireError(501, "NotImplemented", `${announced} is not part of this server`);
    const { body, trailers } = decodeChunks(raw);
    if (String(body.length) !== headers["x-amz-decoded-content-length"])
      throw new WireError(400, "IncompleteBody", "decoded length differs");
    for (const name of (headers["x-amz-trailer"] ?? "").split(","))
      if (!(name in trailers)) throw new WireError(400, "MalformedTrailerError", name);
    await verify(body, { ...headers, ...trailers });
    return body;
  }
  if (announced !== undefined && announced !== "UNSIGNED-PAYLOAD" && sha256Hex(raw) !== announced)
    throw new WireError(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
  await verify(raw, headers);
  return raw;
}

/** The one checksum header of a request, or null. */
export function checksumHeader(headers: Readonly<Record<string, string>>): { readonly name: ChecksumName; readonly value: string } | null {
  for (const name of CHECKSUMS) {
    const value = headers[`x-amz-checksum-${name}`];
    if (value !== undefined) return { name, value };
  }
  return null;
}

async function verify(body: Buffer, headers: Readonly<Record<string, string>>): Promise<void> {
  const contentMd5 = headers["content-md5"];
  if (contentMd5 !== undefined && md5(body).toString("base64") !== contentMd5) throw new WireError(400, "BadDigest", "Content-MD5");
  // On CompleteMultipartUpload the header speaks of the object, not of the XML.
  if (headers["x-amz-checksum-type"] !== undefined) return;
  const checksum = checksumHeader(headers);
  if (checksum !== null && (await checksumOf(checksum.name, body)) !== checksum.value)
    throw new WireError(400, "BadDigest", `The ${checksum.name} you specified did not match the calculated checksum.`);
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const announced = request.headers["content-length"];
  const bytes = Buffer.concat(chunks);
  if (announced !== undefined && bytes.length !== Number(announced))
    throw new WireError(400, "IncompleteBody", "fewer bytes than announced");
  return bytes;
}

/** Takes the aws-chunked framing off: `hex-size CRLF bytes CRLF … 0 CRLF trailers CRLF`. */
function decodeChunks(raw: Buffer): { readonly body: Buffer; readonly trailers: Readonly<Record<string, string>> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf("\r\n", at);
    const size = Number.parseInt(raw.subarray(at, lineEnd).toString("latin1"), 16);
    if (lineEnd < 0 || Number.isNaN(size)) throw new WireError(400, "InvalidRequest", "malformed chunk");
    at = lineEnd + 2;
    if (size === 0) break;
    const previous = chunks.at(-1);
    if (previous !== undefined && previous.length < SMALLEST_CHUNK)
      throw new WireError(403, "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes");
    chunks.push(raw.subarray(at, at + size));
    at += size + 2;
  }
  const lines = raw
    .subarray(at)
    .toString("latin1")
    .split("\r\n")
    .filter((line) => line !== "");
  const trailers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { body: Buffer.concat(chunks), trailers };
}
