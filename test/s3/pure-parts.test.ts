import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketAdvice, isBucketName } from "../../src/s3/bucket-name.ts";
import { combineCrc32, crc32Base64 } from "../../src/s3/crc32-combine.ts";
import { PART_SIZES, planParts } from "../../src/s3/part-plan.ts";
import { s3Place } from "../../src/s3/s3-place.ts";

const MIB = 1024 * 1024;

describe("the CRC-32 of parts", () => {
  it("combines to the CRC-32 of the whole, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (parts) => {
        const combined = parts.reduce((crc, part) => combineCrc32(crc, crc32(part), part.length), 0);
        expect(combined).toBe(crc32(Buffer.concat(parts)));
      }),
    );
  });

  it("combines over lengths that do not fit into 32 bits", () => {
    // Zero bytes by the gigabyte: doubling the length twelve times from 4 MiB, each step combined with itself.
    let length = 4 * MIB;
    let zeros = crc32(Buffer.alloc(length));
    for (let step = 0; step < 12; step += 1) {
      zeros = combineCrc32(zeros, zeros, length);
      length *= 2;
    }
    const cut = 5 * 1024 * MIB;
    const head = zerosCrc(cut);
    expect(combineCrc32(head, zerosCrc(length - cut), length - cut)).toBe(zeros);
  });

  it("is written as base64 of four bytes, highest first", () => {
    expect(crc32Base64(crc32(Buffer.from("123456789")))).toBe(Buffer.from("cbf43926", "hex").toString("base64"));
  });
});

describe("the parts of an object", () => {
  it("are at least 8 MiB, at most 10,000, without gap or overlap, for any size that S3 takes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 * 1024 ** 3 }), (size) => {
        const parts = planParts(size, PART_SIZES.partSize(size));
        expect(parts.length).toBeLessThanOrEqual(10_000);
        expect(parts[0]?.start).toBe(0);
        expect(parts.at(-1)?.end).toBe(size);
        expect(parts.every((part, index) => part.number === index + 1 && (index === 0 || part.start === parts[index - 1]?.end))).toBe(true);
        expect(parts.slice(0, -1).every((part) => part.end - part.start >= 8 * MIB)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("stay within what S3 takes at its largest object, 48.8 TiB", () => {
    const size = Math.floor(48.8 * 1024 ** 4);
    expect(PART_SIZES.partSize(size)).toBeLessThanOrEqual(5 * 1024 ** 3);
    expect(Math.ceil(size / PART_SIZES.partSize(size))).toBeLessThanOrEqual(10_000);
  });
});

describe("the name of a bucket", () => {
  it.each([
    ["s3://acme-partner/in/audiences/", "bucket: acme-partner and prefix: in/audiences"],
    ["s3://acme-partner", "bucket: acme-partner"],
    ["arn:aws:s3:::acme-partner/in/*", "bucket: acme-partner and prefix: in"],
    ["arn:aws-cn:s3:::acme-partner", "bucket: acme-partner"],
    ["https://acme-partner.s3.eu-central-1.amazonaws.com/in", "bucket: acme-partner and prefix: in"],
    ["https://s3.eu-central-1.amazonaws.com/acme-partner/in", "bucket: acme-partner and prefix: in"],
  ])("is taken out of %s for the advice", (text, advice) => {
    expect(isBucketName(text)).toBe(false);
    expect(bucketAdvice(text)).toContain(`write ${advice}`);
  });

  it.each(["ab", "Acme", "acme_partner", "a..b", "10.0.0.1", "-acme", "acme-", "a".repeat(64), ""])("is not %s", (text) => {
    expect(isBucketName(text)).toBe(false);
    expect(bucketAdvice(text)).toContain("3 to 63");
  });

  it.each(["abc", "acme.partner", "1st-bucket", "a".repeat(63)])("may be %s", (text) => {
    expect(isBucketName(text)).toBe(true);
  });
});

describe("a place", () => {
  const aws = { bucket: "acme", prefix: "in", region: "eu-central-1" };

  it("is the same by whichever endpoint of AWS it is reached, and another on another store or partition", () => {
    const here = s3Place(aws);
    expect(here).toEqual({ type: "s3", endpoint: "aws", bucket: "acme", prefix: "in" });
    expect(s3Place({ ...aws, endpoint: "https://s3.eu-central-1.amazonaws.com" })).toEqual(here);
    expect(s3Place({ ...aws, region: "us-east-1" })).toEqual(here);
    expect(s3Place({ ...aws, region: "cn-north-1" })).not.toEqual(here);
    expect(s3Place({ ...aws, endpoint: "https://MinIO.internal:443/" }).endpoint).toBe("https://minio.internal");
  });
});

function zerosCrc(length: number): number {
  let crc = 0;
  let unit = crc32(Buffer.alloc(MIB));
  let unitLength = MIB;
  for (let left = length / MIB; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) crc = combineCrc32(crc, unit, unitLength);
    unit = combineCrc32(unit, unit, unitLength);
    unitLength *= 2;
  }
  return crc;
}
