import { describe, expect, it } from "vitest";
import { isAws } from "../../src/s3/aws-endpoint.ts";
import { ALWAYS, bodyOf, factsOf, PUT_ONLY, s3Fixture, someBytes } from "../support/s3/s3-fixture.ts";

const BODY = bodyOf(someBytes(500));
const OTHER = bodyOf(someBytes(500, 2));
const LARGE_BODY = bodyOf(someBytes(200_000));

describe("conditional writes", () => {
  it("are found to be honoured by a probe that is written once, ever", async () => {
    await using s3 = await s3Fixture({ grants: PUT_ONLY });
    for (const store of [s3.store, await s3.open()])
      expect(await store.promises(ALWAYS)).toEqual({ conditionalWrites: "honoured", warning: null });
    await s3.store.promises(ALWAYS);
    expect(s3.server.buckets.commits.map(({ key }) => key)).toEqual(["in/_spillway/probe"]);
    expect(s3.server.count("PutObject")).toBe(3);
  });

  it("are found to be honoured when the answer to the first probe is lost", async () => {
    await using s3 = await s3Fixture({ grants: PUT_ONLY });
    s3.server.faults.add({ operation: "PutObject", fault: { kind: "lost_reply" } });
    expect(await s3.store.promises(ALWAYS)).toMatchObject({ conditionalWrites: "honoured" });
  });

  it.each(["ignored", "refused"] as const)("are found to be %s, and a warning says which promise goes", async (conditionalWrites) => {
    await using s3 = await s3Fixture({ server: { conditionalWrites } });
    expect(await s3.store.promises(ALWAYS)).toEqual({
      conditionalWrites: "ignored",
      warning: expect.stringContaining("does not honour conditional writes"),
    });
  });

  it("are asked about again when the question failed", async () => {
    await using s3 = await s3Fixture();
    s3.server.faults.add({ operation: "PutObject", times: 3, fault: { kind: "status", status: 503, code: "SlowDown" } });
    await expect(s3.store.promises(ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
    expect(await s3.store.promises(ALWAYS)).toMatchObject({ conditionalWrites: "honoured" });
  });

  it("need no probe on AWS itself", () => {
    expect(isAws(undefined)).toBe(true);
    expect(isAws("https://s3.eu-central-1.amazonaws.com")).toBe(true);
    expect(isAws("https://amazonaws.com.evil.example")).toBe(false);
    expect(isAws("https://minio.internal:9000")).toBe(false);
  });
});

describe.each(["ignored", "refused"] as const)("a store by which conditions are %s", (conditionalWrites) => {
  it.each([
    ["one piece", BODY],
    ["parts", LARGE_BODY],
  ])("is looked at before it is written to, so that what stands there stays: %s", async (_name, body) => {
    await using s3 = await s3Fixture({ server: { conditionalWrites } });
    expect(await s3.store.putNew("a.csv", body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
    expect(await s3.store.putNew("a.csv", OTHER, factsOf(OTHER), ALWAYS)).toEqual({ kind: "exists", afterUnanswered: false });
    expect(await s3.store.head("a.csv", ALWAYS)).toMatchObject({ kind: "found", facts: { sha256: body.sha256 } });
  });

  it("is written to all the same by a role that may not look: the bytes are the same each time", async () => {
    await using s3 = await s3Fixture({ server: { conditionalWrites }, grants: PUT_ONLY });
    for (let time = 0; time < 2; time += 1)
      expect(await s3.store.putNew("a.csv", BODY, factsOf(BODY), ALWAYS)).toEqual({ kind: "created" });
    const hashes = new Set(s3.server.buckets.commits.filter(({ key }) => key === "in/a.csv").map(({ sha256 }) => sha256));
    expect([...hashes]).toEqual([BODY.sha256]);
  });
});

describe("conditional_writes: off", () => {
  it("sends no condition and no probe", async () => {
    await using s3 = await s3Fixture({ server: { conditionalWrites: "refused" }, changes: { conditional_writes: "off" } });
    expect(await s3.store.putNew("a.csv", BODY, factsOf(BODY), ALWAYS)).toEqual({ kind: "created" });
    expect(s3.server.requests.map(({ operation }) => operation)).toEqual(["HeadObject", "PutObject"]);
  });
});
