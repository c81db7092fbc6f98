import { randomUUID } from "node:crypto";
import { checkKms } from "./authorize.ts";
import { checkConditions } from "./buckets.ts";
import type { Buckets, PendingUpload } from "./buckets.ts";
import type { Call, Reply } from "./call.ts";
import { checksumOf, CHECKSUMS, md5 } from "./checksums.ts";
import { keptHeaders, metadataOf } from "./object-operations.ts";
import { checksumHeader } from "./read-payload.ts";
import { WireError, XML_HEAD, xmlElement, xmlTexts } from "./wire-error.ts";

/** CreateMultipartUpload. */
export function createUpload(call: Call, buckets: Buckets): Reply {
  const uploadId = randomUUID();
  buckets.uploads.set(uploadId, { bucket: call.bucket, key: call.key, headers: call.headers, parts: new Map() });
  const fields = xmlElement("Bucket", call.bucket) + xmlElement("Key", call.key) + xmlElement("UploadId", uploadId);
  return { status: 200, body: `${XML_HEAD}<InitiateMultipartUploadResult>${fields}</InitiateMultipartUploadResult>` };
}

/** UploadPart. */
export function uploadPart(call: Call, buckets: Buckets): Reply {
  const upload = pending(call, buckets);
  const number = Number(call.query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new WireError(400, "InvalidArgument", "Part number must be 1 to 10000");
  // S3 encrypts each part with a data key of its own.
  checkKms(call, buckets.get(call.bucket), ["kms:GenerateDataKey", "kms:Decrypt"], upload.headers);
  const etag = md5(call.body).toString("hex");
  const checksum = checksumHeader(call.headers);
  const wanted = upload.headers["x-amz-checksum-algorithm"]?.toLowerCase();
  if (checksum !== null && wanted !== undefined && checksum.name !== wanted)
    throw new WireError(400, "InvalidRequest", `Checksum Type mismatch occurred, expected checksum Type: ${wanted}`);
  upload.parts.set(number, { bytes: call.body, etag, checksum: checksum?.value ?? null });
  return {
    status: 200,
    headers: { etag: `"${etag}"`, ...(checksum === null ? {} : { [`x-amz-checksum-${checksum.name}`]: checksum.value }) },
  };
}

/** CompleteMultipartUpload: checks the list of parts, their sizes, the checksum of the whole, and the conditions. */
export async function completeUpload(call: Call, buckets: Buckets, minimumPart: number): Promise<Reply> {
  const upload = pending(call, buckets);
  checkKms(call, buckets.get(call.bucket), ["kms:Decrypt"], upload.headers);
  const bytes = joinParts(upload, call.body.toString(), minimumPart);
  const sent = checksumHeader(call.headers);
  if (call.headers["x-amz-checksum-type"] === "FULL_OBJECT" && sent !== null && (await checksumOf(sent.name, bytes)) !== sent.value)
    throw new WireError(400, "BadDigest", "The checksum of the whole object did not match.");
  const announced = call.headers["x-amz-mp-object-size"];
  if (announced !== undefined && Number(announced) !== bytes.length)
    throw new WireError(400, "InvalidRequest", "x-amz-mp-object-size differs");
  const { bucket, key } = call;
  checkConditions(call.headers, buckets.get(bucket).objects.get(key));
  const count = upload.parts.size;
  const etag = `${md5(Buffer.concat([...upload.parts.values()].map((part) => Buffer.from(part.etag, "hex")))).toString("hex")}-${count}`;
  const headers = { ...keptHeaders(upload.headers), ...keptHeaders(call.headers) };
  delete headers["x-amz-checksum-algorithm"];
  const object = { bytes, etag, metadata: metadataOf(upload.headers), headers, tags: upload.headers["x-amz-tagging"] ?? "" };
  buckets.commit({ operation: "CompleteMultipartUpload", bucket, key, parts: count, principal: call.principal.arn }, object);
  buckets.uploads.delete(call.query.get("uploadId") ?? "");
  const fields = xmlElement("Bucket", bucket) + xmlElement("Key", key) + xmlElement("ETag", `"${etag}"`);
  return { status: 200, body: `${XML_HEAD}<CompleteMultipartUploadResult>${fields}</CompleteMultipartUploadResult>` };
}

/** AbortMultipartUpload. */
export function abortUpload(call: Call, buckets: Buckets): Reply {
  pending(call, buckets);
  buckets.uploads.delete(call.query.get("uploadId") ?? "");
  return { status: 204 };
}

function pending(call: Call, buckets: Buckets): PendingUpload {
  const upload = buckets.uploads.get(call.query.get("uploadId") ?? "");
  if (upload === undefined || upload.key !== call.key || upload.bucket !== call.bucket)
    throw new WireError(
      404,
      "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    );
  return upload;
}

function joinParts(upload: PendingUpload, xml: string, minimumPart: number): Buffer {
  const listed = partsOf(xml);
  if (listed.length === 0) throw new WireError(400, "MalformedXML", "no parts");
  const chunks: Buffer[] = [];
  if (listed.some((part, index) => index > 0 && part.number <= (listed[index - 1]?.number ?? 0)))
    throw new WireError(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
  for (const [index, { number, etag, checksum }] of listed.entries()) {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag !== etag || (checksum !== null && checksum !== part.checksum))
      throw new WireError(400, "InvalidPart", "One or more of the specified parts could not be found.");
    if (index < listed.length - 1 && part.bytes.length < minimumPart)
      throw new WireError(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    chunks.push(part.bytes);
  }
  return Buffer.concat(chunks);
}

function partsOf(xml: string): readonly { readonly number: number; readonly etag: string; readonly checksum: string | null }[] {
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => {
    const checksums = CHECKSUMS.map((name) => xmlTexts(part, `Checksum${name.toUpperCase()}`)[0]).filter((value) => value !== undefined);
    return {
      number: Number(xmlTexts(part, "PartNumber")[0]),
      etag: (xmlTexts(part, "ETag")[0] ?? "").replaceAll('"', ""),
      checksum: checksums[0] ?? null,
    };
  });
}
