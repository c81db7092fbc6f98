import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL_RIGHTS, ALWAYS, BUCKET, bodyOf, factsOf, PUT_ONLY, s3Fixture, someBytes } from "../support/s3/s3-fixture.ts";

const LARGE_BODY = bodyOf(someBytes(300_000));
const OPTIONAL = {
  storage_class: "STANDARD_IA",
  object_tags: { team: "growth + co=1", Ümlaut: "ja" },
  acl: "bucket-owner-full-control",
  encryption: "s3",
};

async function textOf(stream: Readable | null): Promise<string | null> {
  return stream === null ? null : await text(stream);
}

describe("an S3 store", () => {
  it("creates a small object in one PUT, signed with its SHA-256, with facts beside it", async () => {
    await using s3 = await s3Fixture({ grants: PUT_ONLY });
    const body = bodyOf(someBytes(1000));
    expect(await s3.store.putNew("a/b.csv", body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
    const { headers } = s3.server.requests.at(-1) ?? {};
    expect(headers).toMatchObject({ "x-amz-content-sha256": body.sha256, "if-none-match": "*", "x-amz-meta-spillway-generation": "7" });
    expect(headers).toMatchObject({ "x-amz-checksum-sha256": Buffer.from(body.sha256, "hex").toString("base64") });
    const commits = s3.server.buckets.commits.filter(({ key }) => key === "in/a/b.csv");
    expect(commits).toMatchObject([{ bucket: BUCKET, sha256: body.sha256, size: 1000, operation: "PutObject" }]);
  });

  it("creates a large object in parts, with a checksum of the whole", async () => {
    await using s3 = await s3Fixture({ grants: PUT_ONLY });
    expect(await s3.store.putNew("big.csv", LARGE_BODY, factsOf(LARGE_BODY), ALWAYS)).toEqual({ kind: "created" });
    const commits = s3.server.buckets.commits.filter(({ key }) => key === "in/big.csv");
    expect(commits).toMatchObject([{ sha256: LARGE_BODY.sha256, size: 300_000, operation: "CompleteMultipartUpload", parts: 5 }]);
    expect(s3.server.requests.at(-1)?.headers).toMatchObject({ "if-none-match": "*", "x-amz-checksum-type": "FULL_OBJECT" });
  });

  it("creates an empty object", async () => {
    await using s3 = await s3Fixture({ grants: PUT_ONLY });
    expect(await s3.store.putNew("a.done", bodyOf(Buffer.alloc(0)), null, ALWAYS)).toEqual({ kind: "created" });
    expect(s3.server.buckets.commits.at(-1)).toMatchObject({ key: "in/a.done", size: 0 });
  });

  it("never replaces what stands there", async () => {
    await using s3 = await s3Fixture();
    for (const body of [LARGE_BODY, bodyOf(someBytes(10)), LARGE_BODY]) await s3.store.putNew("a.csv", body, factsOf(body), ALWAYS);
    const outcome = await s3.store.putNew("a.csv", LARGE_BODY, null, ALWAYS);
    expect(outcome).toEqual({ kind: "exists", afterUnanswered: false });
    expect(s3.server.buckets.commits.filter(({ key }) => key === "in/a.csv")).toHaveLength(1);
    expect(s3.server.buckets.uploads.size).toBe(0);
  });

  it("lets exactly one of twenty writers create a key", async () => {
    await using s3 = await s3Fixture();
    const bodies = Array.from({ length: 20 }, (_, index) => bodyOf(someBytes(index % 2 === 0 ? 500 : 150_000, index + 1)));
    const outcomes = await Promise.all(bodies.map((body) => s3.store.putNew("a.csv", body, factsOf(body), ALWAYS)));
    expect(outcomes.filter(({ kind }) => kind === "created")).toHaveLength(1);
    expect(s3.server.buckets.commits.filter(({ key }) => key === "in/a.csv")).toHaveLength(1);
  });

  it.each([
    ["one piece", bodyOf(someBytes(100))],
    ["parts", LARGE_BODY],
  ])("sends storage class, tags, ACL and encryption where they are configured: %s", async (_name, body) => {
    await using s3 = await s3Fixture({ grants: ALL_RIGHTS, changes: OPTIONAL });
    await s3.store.putNew("a.csv", body, factsOf(body), ALWAYS);
    const object = s3.server.buckets.get(BUCKET).objects.get("in/a.csv");
    expect(object?.headers).toMatchObject({ "x-amz-storage-class": "STANDARD_IA", "x-amz-server-side-encryption": "AES256" });
    expect(Object.fromEntries(new URLSearchParams(object?.tags))).toEqual(OPTIONAL.object_tags);
  });

  it("sends no checksum headers and no chunked framing with checksums: required, and still lets the signature cover every byte", async () => {
    await using s3 = await s3Fixture({ changes: { checksums: "required" } });
    for (const body of [LARGE_BODY, bodyOf(someBytes(100))]) await s3.store.putNew(`${body.size}.csv`, body, factsOf(body), ALWAYS);
    const sent = s3.server.requests.filter(({ operation }) => operation === "PutObject" || operation === "UploadPart");
    expect(sent.length).toBeGreaterThan(5);
    for (const { headers } of sent) {
      expect(headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
      expect(Object.keys(headers).filter((name) => name.startsWith("x-amz-checksum") || name === "content-encoding")).toEqual([]);
    }
  });

  it("stops when its signal does, keeps the reason and leaves no parts behind", async () => {
    await using s3 = await s3Fixture();
    await s3.store.promises(ALWAYS);
    const stopping = new AbortController();
    s3.server.faults.add({ operation: "UploadPart", nth: 2, fault: { kind: "stall" } });
    const outcome = s3.store.putNew("a.csv", LARGE_BODY, null, stopping.signal);
    while (s3.server.count("UploadPart") < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    stopping.abort(new Error("enough"));
    await expect(outcome).rejects.toThrow("enough");
    expect(s3.server.buckets.uploads.size).toBe(0);
    expect(s3.server.buckets.commits.filter(({ key }) => key === "in/a.csv")).toEqual([]);
  });

  it("S05: gives up at the deadline of an object, however many tries are left", async () => {
    await using s3 = await s3Fixture({ changes: { max_attempts: 100, timeouts: { deadline: "1ms" } } });
    s3.server.faults.add({ operation: "PutObject", times: 1000, fault: { kind: "status", status: 503, code: "SlowDown" } });
    await expect(s3.store.putNew("a.csv", LARGE_BODY, null, ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
    expect(s3.server.count("PutObject")).toBeLessThan(10);
  });

  it("reads, looks at, lists and deletes what it wrote, by keys relative to its prefix", async () => {
    await using s3 = await s3Fixture({ server: { pageSize: 2 } });
    const keys = ["log/a b+c.json", "log/ü&<x>.json", "log/z.json", "other.json", "log/deep/er.json"];
    for (const key of keys) await s3.store.putNew(key, bodyOf(Buffer.from(key)), null, ALWAYS);
    expect(await s3.store.list("log/", ALWAYS)).toEqual(["log/a b+c.json", "log/deep/er.json", "log/z.json", "log/ü&<x>.json"]);
    expect(await s3.store.list("none/", ALWAYS)).toEqual([]);
    for (const key of keys) expect(await textOf(await s3.store.get(key, ALWAYS))).toBe(key);
    expect(await s3.store.head(keys[0] ?? "", ALWAYS)).toEqual({ kind: "found", size: keys[0]?.length, facts: null });
    for (const key of [...keys, "never-there"]) await s3.store.delete(key, ALWAYS);
    expect(await s3.store.get(keys[1] ?? "", ALWAYS)).toBeNull();
    expect(await s3.store.head(keys[1] ?? "", ALWAYS)).toEqual({ kind: "missing" });
  });

  it("says that the store is unavailable when a connection breaks in the middle of an object", async () => {
    await using s3 = await s3Fixture();
    await s3.store.putNew("a.csv", LARGE_BODY, null, ALWAYS);
    s3.server.faults.add({ operation: "GetObject", fault: { kind: "cut_body" } });
    await expect(textOf(await s3.store.get("a.csv", ALWAYS))).rejects.toMatchObject({
      code: "DESTINATION_UNAVAILABLE",
      retry: "transient",
    });
  });

  it("takes any key that S3 takes", async () => {
    await using s3 = await s3Fixture();
    const part = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).filter((piece) => !/^\.{1,2}$|[\p{Cc}/]/u.test(piece));
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    await fc.assert(
      fc.asyncProperty(key, async (name) => {
        await s3.store.putNew(name, bodyOf(Buffer.from("x")), null, ALWAYS);
        expect(s3.server.buckets.get(BUCKET).objects.has(`in/${name}`)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
