import { checkConditions } from "./buckets.ts";
import type { Buckets, StoredObject } from "./buckets.ts";
import type { Call, Reply } from "./call.ts";
import { md5 } from "./checksums.ts";
import { WireError, XML_HEAD, xmlElement } from "./wire-error.ts";

const KEPT_HEADERS = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class"] as const;

/** User metadata of a write, by name without the prefix. */
export function metadataOf(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const mark = "x-amz-meta-";
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(mark))
      .map(([name, value]) => [name.slice(mark.length), value]),
  );
}

/** Headers of a write that the object keeps showing. */
export function keptHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(
    ([name]) => KEPT_HEADERS.some((one) => one === name) || /^x-amz-checksum-(?!type)/.test(name),
  );
  return Object.fromEntries(kept);
}

/** PutObject. */
export function putObject(call: Call, buckets: Buckets): Reply {
  const { bucket, key, headers, body } = call;
  checkConditions(headers, buckets.get(bucket).objects.get(key));
  const object = {
    bytes: body,
    etag: md5(body).toString("hex"),
    metadata: metadataOf(headers),
    headers: keptHeaders(headers),
    tags: headers["x-amz-tagging"] ?? "",
  };
  buckets.commit({ operation: "PutObject", bucket, key, parts: 1, principal: call.principal.arn }, object);
  return { status: 200, headers: { etag: `"${object.etag}"`, ...object.headers } };
}

/** HeadObject and GetObject (ranges are not part of this server). */
export function readObject(call: Call, buckets: Buckets): Reply {
  const object = buckets.get(call.bucket).objects.get(call.key);
  if (object === undefined) throw new WireError(404, "NoSuchKey", "The specified key does not exist.", { fields: { Key: call.key } });
  const headers = {
    ...object.headers,
    ...metadataHeaders(object),
    etag: `"${object.etag}"`,
    "content-length": String(object.bytes.length),
  };
  return { status: 200, headers, ...(call.operation === "GetObject" ? { body: object.bytes } : {}) };
}

/** DeleteObject: a key that is free is deleted as well. */
export function deleteObject(call: Call, buckets: Buckets): Reply {
  buckets.get(call.bucket).objects.delete(call.key);
  return { status: 204 };
}

/** ListObjectsV2, in pages. */
export function listObjects(call: Call, buckets: Buckets, pageSize: number): Reply {
  const prefix = call.query.get("prefix") ?? "";
  const after = call.query.get("continuation-token") ?? "";
  const keys = [...buckets.get(call.bucket).objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => Buffer.from(key))
    .toSorted((a, b) => Buffer.compare(a, b))
    .map(String)
    .filter((key) => after === "" || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0);
  const page = keys.slice(0, pageSize);
  const more = keys.length > page.length;
  const contents = page.map((key) => `<Contents>${xmlElement("Key", key)}</Contents>`).join("");
  const next = more ? xmlElement("NextContinuationToken", page.at(-1) ?? "") : "";
  const body = `${XML_HEAD}<ListBucketResult>${xmlElement("IsTruncated", String(more))}${next}${contents}</ListBucketResult>`;
  return { status: 200, body };
}

function metadataHeaders({ metadata }: StoredObject): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]));
}
