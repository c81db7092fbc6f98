import { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { ChecksumAlgorithm, S3ClientConfig } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import type { Keys } from "../support/s3/accounts.ts";
import { ALL_RIGHTS, someBytes } from "../support/s3/s3-fixture.ts";
import { startTestS3 } from "../support/s3/test-s3-server.ts";
import type { TestS3 } from "../support/s3/test-s3-server.ts";

const Bucket = "partner";
const ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

async function started(): Promise<TestS3 & { readonly keys: Keys }> {
  const server = await startTestS3();
  server.buckets.add(Bucket);
  return Object.assign(server, { keys: server.accounts.addUser("admin", ALL_RIGHTS) });
}

/** The SDK as it comes, so that the server is held to what the SDK sends and not to what this project sends. */
function clientOf(server: TestS3, credentials: Keys, more: Partial<S3ClientConfig> = {}): S3Client {
  const logger = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
    logger,
    ...more,
  });
}

/** A signed PUT with a header changed after it was signed. */
function tampered(client: S3Client, header: string, value: string, Body = "x"): Promise<unknown> {
  const command = new PutObjectCommand({ Bucket, Key: "k", Body });
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers[header] = value;
      return next(args);
    },
    { step: "finalizeRequest", priority: "low", name: "tamper" },
  );
  return client.send(command);
}

describe("the test server, against the SDK as it comes,", () => {
  it.each(ALGORITHMS)("takes a %s in a header and in the trailer of a chunked stream", async (ChecksumAlgorithm: ChecksumAlgorithm) => {
    await using server = await started();
    const client = clientOf(server, server.keys, { requestStreamBufferSize: 65_536 });
    const bytes = someBytes(100_000);
    await client.send(new PutObjectCommand({ Bucket, Key: "buffer", Body: bytes, ChecksumAlgorithm }));
    const Body = Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]);
    await client.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: bytes.length, ChecksumAlgorithm }));
    expect(server.requests.at(-1)?.headers["x-amz-trailer"]).toBe(`x-amz-checksum-${ChecksumAlgorithm.toLowerCase()}`);
    const objects = server.buckets.get(Bucket).objects;
    for (const key of ["buffer", "stream"]) expect(objects.get(key)?.bytes.equals(bytes)).toBe(true);
    client.destroy();
  });

  it.each(ALGORITHMS)("refuses bytes that a %s does not fit", async (algorithm) => {
    await using server = await started();
    const client = clientOf(server, server.keys);
    const command = new PutObjectCommand({ Bucket, Key: "k", Body: "x", [`Checksum${algorithm}`]: "AAAAAA==" });
    await expect(client.send(command)).rejects.toMatchObject({ name: "BadDigest" });
    client.destroy();
  });

  it("refuses chunks that S3 finds too small", async () => {
    await using server = await started();
    const client = clientOf(server, server.keys);
    const Body = Readable.from([Buffer.alloc(10), Buffer.alloc(10)]);
    const command = new PutObjectCommand({ Bucket, Key: "k", Body, ContentLength: 20 });
    await expect(client.send(command)).rejects.toMatchObject({ name: "InvalidChunkSizeError" });
    client.destroy();
  });

  it.each([
    ["a payload hash changed after signing", "x-amz-content-sha256", "0".repeat(64), "SignatureDoesNotMatch"],
    ["a date changed after signing", "x-amz-date", "20200101T000000Z", "RequestTimeTooSkewed"],
    ["no signature", "authorization", "none", "AccessDenied"],
  ])("refuses %s", async (_name, header, value, code) => {
    await using server = await started();
    const client = clientOf(server, server.keys);
    await expect(tampered(client, header, value)).rejects.toMatchObject({ name: code });
    expect(server.buckets.commits).toEqual([]);
    client.destroy();
  });

  it("refuses a wrong secret, an unknown key, a token that is not the session's, and a session that ended", async () => {
    await using server = await started();
    const roleArn = server.accounts.addRole("r", { grants: ALL_RIGHTS });
    const sts = new STSClient({ endpoint: server.endpoint, region: server.region, credentials: server.keys });
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "run" }));
    const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "", SessionToken: sessionToken = "" } = Credentials ?? {};
    const code = async (keys: Keys): Promise<string> => {
      const client = clientOf(server, keys);
      const failure: unknown = await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" })).catch((error: unknown) => error);
      client.destroy();
      return failure instanceof Error ? failure.name : "accepted";
    };
    expect(await code({ accessKeyId, secretAccessKey, sessionToken })).toBe("accepted");
    expect(await code({ ...server.keys, secretAccessKey: "wrong" })).toBe("SignatureDoesNotMatch");
    expect(await code({ ...server.keys, accessKeyId: "AKIANOBODY" })).toBe("InvalidAccessKeyId");
    expect(await code({ accessKeyId, secretAccessKey, sessionToken: "another" })).toBe("InvalidToken");
    server.accounts.expireSessions();
    expect(await code({ accessKeyId, secretAccessKey, sessionToken })).toBe("ExpiredToken");
    sts.destroy();
  });

  it("refuses a session longer than the role allows or shorter than STS does", async () => {
    await using server = await started();
    const RoleArn = server.accounts.addRole("r", { grants: ALL_RIGHTS, maxSeconds: 3600 });
    const sts = new STSClient({ endpoint: server.endpoint, region: server.region, credentials: server.keys });
    for (const DurationSeconds of [600, 7200])
      await expect(sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "run", DurationSeconds }))).rejects.toMatchObject({
        name: "ValidationError",
      });
    sts.destroy();
  });

  it("refuses parts under 5 MiB but the last, parts out of order, and a checksum of the whole that does not fit", async () => {
    await using server = await started();
    const client = clientOf(server, server.keys);
    const Key = "k";
    const upload = async (sizes: readonly number[]) => {
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" }),
      );
      const Parts = [];
      for (const [index, size] of sizes.entries()) {
        const { ETag } = await client.send(
          new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body: Buffer.alloc(size), ChecksumAlgorithm: "CRC32" }),
        );
        Parts.push({ PartNumber: index + 1, ETag });
      }
      return { Bucket, Key, UploadId, Parts };
    };
    const complete = async ({ Parts, ...rest }: Awaited<ReturnType<typeof upload>>, more: object = {}): Promise<string> => {
      const command = new CompleteMultipartUploadCommand({ ...rest, MultipartUpload: { Parts }, ...more });
      const failure: unknown = await client.send(command).catch((error: unknown) => error);
      return failure instanceof Error ? failure.name : "accepted";
    };
    const minimum = 5 * 1024 * 1024;
    expect(await complete(await upload([minimum - 1, 1]))).toBe("EntityTooSmall");
    const good = await upload([minimum, 1]);
    expect(await complete({ ...good, Parts: good.Parts.toReversed() })).toBe("InvalidPartOrder");
    expect(await complete(good, { ChecksumCRC32: "AAAAAA==", ChecksumType: "FULL_OBJECT" })).toBe("BadDigest");
    expect(await complete(good)).toBe("accepted");
    expect(await complete(await upload([minimum, 1]), { IfNoneMatch: "*" })).toBe("PreconditionFailed");
    client.destroy();
  });

  it("honours If-Match on PUT", async () => {
    await using server = await started();
    const client = clientOf(server, server.keys);
    const put = (more: object) => client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x", ...more }));
    await expect(put({ IfMatch: '"0"' })).rejects.toMatchObject({ name: "NoSuchKey" });
    const { ETag } = await put({});
    await expect(put({ IfMatch: '"0"' })).rejects.toMatchObject({ name: "PreconditionFailed" });
    await put({ IfMatch: ETag });
    client.destroy();
  });
});
