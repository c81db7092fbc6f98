import { describe, expect, it } from "vitest";
import { ALWAYS, BUCKET, bodyOf, factsOf, PUT_ONLY, s3Fixture, someBytes } from "../support/s3/s3-fixture.ts";

describe("an S3 store", () => {
  it("creates a small object in one PUT, signed with its SHA-256, with facts beside it", async () => {
    await using s3 = await s3Fixture({ grants: PUT_ONLY });
    const body = bodyOf(someBytes(1000));
    expect(await s3.store.putNew("a/b.csv", body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
    const put = s3.server.requests.at(-1);
    expect(put?.headers).toMatchObject({
      "x-amz-content-sha256": body.sha256,
      "if-none-match": "*",
      "x-amz-meta-spillway-generation": "7",
    });
    const commits = s3.server.buckets.commits.filter(({ key }) => key === "in/a/b.csv");
    expect(commits).toMatchObject([{ bucket: BUCKET, sha256: body.sha256, size: 1000, operation: "PutObject" }]);
  });

  it("creates a large object in parts, with a checksum of the whole", async () => {
    await using s3 = await s3Fixture({ grants: PUT_ONLY });
    const body = bodyOf(someBytes(300_000));
    expect(await s3.store.putNew("big.csv", body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
    const commits = s3.server.buckets.commits.filter(({ key }) => key === "in/big.csv");
    expect(commits).toMatchObject([{ sha256: body.sha256, size: 300_000, operation: "CompleteMultipartUpload", parts: 5 }]);
    expect(s3.server.requests.at(-1)?.headers).toMatchObject({ "if-none-match": "*", "x-amz-checksum-type": "FULL_OBJECT" });
  });
});
