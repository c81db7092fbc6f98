import { createHash } from "node:crypto";
import { Crc32, Crc32c, Crc64Nvme } from "@aws-sdk/checksums/crc";

/** Checksums that S3 knows, as they are spelled in headers. */
export const CHECKSUMS = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;
export type ChecksumName = (typeof CHECKSUMS)[number];

/** The checksum of the bytes as headers carry it, base64. The CRCs are the SDK's own. */
export async function checksumOf(name: ChecksumName, bytes: Buffer): Promise<string> {
  if (name === "sha1" || name === "sha256") return createHash(name).update(bytes).digest("base64");
  const crc = { crc32: () => new Crc32(), crc32c: () => new Crc32c(), crc64nvme: () => new Crc64Nvme() }[name]();
  crc.update(bytes);
  return Buffer.from(await crc.digest()).toString("base64");
}

/** Lower-case hex. */
export function sha256Hex(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Base64, as Content-MD5 carries it. */
export function md5(bytes: Buffer): Buffer {
  return createHash("md5").update(bytes).digest();
}
