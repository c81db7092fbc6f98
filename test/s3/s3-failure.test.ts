import { describe, expect, it } from "vitest";
import { adviseOn } from "../../src/s3/s3-advice.ts";
import { S3Failure, toFailure } from "../../src/s3/s3-failure.ts";
import type { FailureKind, S3Operation } from "../../src/s3/s3-failure.ts";
import { s3OptionsSchema } from "../../src/s3/s3-options.ts";

const OPTIONS = s3OptionsSchema.parse({ type: "s3", bucket: "partner", region: "eu-central-1" });

/** An error as the SDK throws it. */
function sdkError(name: string, status: number, message = "words of the server"): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: "REQ" } });
}

function nodeError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

describe("a failed call", () => {
  const cases: readonly (readonly [string, S3Operation, unknown, FailureKind])[] = [
    ["a reset", "PutObject", nodeError("ECONNRESET"), "network"],
    ["a broken pipe", "UploadPart", nodeError("EPIPE"), "network"],
    ["a timeout", "PutObject", Object.assign(new Error("x"), { name: "TimeoutError" }), "network"],
    ["a refused connection", "PutObject", nodeError("ECONNREFUSED"), "unreachable"],
    ["an unknown host", "PutObject", nodeError("ENOTFOUND"), "unreachable"],
    ["a certificate that nobody vouches for", "PutObject", nodeError("DEPTH_ZERO_SELF_SIGNED_CERT"), "certificate"],
    ["a certificate for another name", "PutObject", nodeError("ERR_TLS_CERT_ALTNAME_INVALID"), "certificate"],
    ["no region at all", "PutObject", new Error("Region is missing"), "region"],
    ["InternalError", "PutObject", sdkError("InternalError", 500), "server"],
    ["an error in a 200", "CompleteMultipartUpload", sdkError("InternalError", 200), "server"],
    ["SlowDown", "PutObject", sdkError("SlowDown", 503), "busy"],
    ["a 503 of a proxy", "PutObject", sdkError("Unknown", 503), "server"],
    ["a PreconditionFailed inside a 200", "CompleteMultipartUpload", sdkError("PreconditionFailed", 200), "exists"],
    ["a forbidden HEAD", "HeadObject", sdkError("Unknown", 403), "forbidden"],
    ["a HEAD with a session that ended", "HeadObject", sdkError("400", 400), "expired"],
    ["a KMS key that was deleted", "PutObject", sdkError("KMS.KMSInvalidStateException", 400), "kms"],
    ["an STS that denies", "AssumeRole", sdkError("AccessDenied", 403), "role"],
    ["an STS that finds a parameter wrong", "AssumeRole", sdkError("ValidationError", 400), "role"],
    ["a session that ended before STS was asked", "AssumeRole", sdkError("ExpiredTokenException", 403), "credentials"],
    ["something else that S3 minds", "PutObject", sdkError("InvalidRequest", 400), "rejected"],
  ];

  it.each(cases)("is sorted: %s", (_name, operation, error, kind) => {
    expect(toFailure(operation, error).kind).toBe(kind);
  });

  it.each([...new Set(cases.map(([, , , kind]) => kind))])("has advice: %s", (kind) => {
    const advice = adviseOn(new S3Failure("PutObject", kind, sdkError("Whatever", 400)), OPTIONS, "in/a.csv");
    expect(advice.message).toBe("PutObject s3://partner/in/a.csv failed: Whatever: words of the server");
    expect(advice.hint?.length).toBeGreaterThan(20);
    expect(advice.context).toMatchObject({ operation: "PutObject", bucket: "partner", key: "in/a.csv", request_id: "REQ" });
  });

  it("names the action that S3 names, and prints the statement for it", () => {
    const message = "User: arn:aws:sts::4:assumed-role/r/s is not authorized to perform: kms:GenerateDataKey on this resource";
    const advice = adviseOn(new S3Failure("PutObject", "forbidden", sdkError("AccessDenied", 403, message)), OPTIONS, null);
    expect(advice).toMatchObject({ code: "DESTINATION_KMS_REFUSED", hint: expect.stringContaining("kms:Decrypt") });
  });
});
