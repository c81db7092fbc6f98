import { writeFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { roleSessionName } from "../../src/s3/credentials.ts";
import type { Grant } from "../support/s3/accounts.ts";
import { ALWAYS, bodyOf, factsOf, PUT_ONLY, s3Fixture, someBytes } from "../support/s3/s3-fixture.ts";
import type { S3Fixture } from "../support/s3/s3-fixture.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ASSUMER: readonly Grant[] = [{ actions: ["sts:AssumeRole"], resources: ["*"] }];
const SMALL_BODY = bodyOf(someBytes(500));
const LARGE_BODY = bodyOf(someBytes(400_000));
const EXTERNAL_ID = "sync-7d1c";

/** A user who may do nothing but assume a role that may only put objects. */
async function roleFixture(changes: Record<string, unknown> = {}): Promise<S3Fixture & { readonly roleArn: string }> {
  const s3 = await s3Fixture({ grants: ASSUMER });
  const roleArn = s3.server.accounts.addRole("acme-in", { grants: PUT_ONLY, externalId: EXTERNAL_ID });
  const store = await s3.open({ role_arn: roleArn, external_id: EXTERNAL_ID, ...changes });
  return { ...s3, store, roleArn };
}

describe("a role", () => {
  it("that may only put objects is enough to deliver, in one piece and in parts", async () => {
    await using s3 = await roleFixture();
    expect(await s3.store.putNew("a.csv", SMALL_BODY, factsOf(SMALL_BODY), ALWAYS)).toEqual({ kind: "created" });
    expect(await s3.store.putNew("b.csv", LARGE_BODY, factsOf(LARGE_BODY), ALWAYS)).toEqual({ kind: "created" });
    expect(await s3.store.head("a.csv", ALWAYS)).toEqual({ kind: "forbidden" });
    const operations = new Set(s3.server.requests.map(({ operation }) => operation));
    expect([...operations].toSorted()).toEqual([
      "AssumeRole",
      "CompleteMultipartUpload",
      "CreateMultipartUpload",
      "HeadObject",
      "PutObject",
      "UploadPart",
    ]);
    await expect(s3.store.get("a.csv", ALWAYS)).rejects.toMatchObject({
      code: "DESTINATION_ACCESS_DENIED",
      hint: expect.stringContaining("s3:GetObject"),
    });
    await expect(s3.store.list("", ALWAYS)).rejects.toMatchObject({
      code: "DESTINATION_ACCESS_DENIED",
      hint: expect.stringContaining("s3:ListBucket"),
    });
    await expect(s3.store.delete("a.csv", ALWAYS)).rejects.toMatchObject({
      code: "DESTINATION_ACCESS_DENIED",
      hint: expect.stringContaining("s3:DeleteObject"),
    });
  });

  it("is assumed under a session name that tells the model and the generation", async () => {
    await using s3 = await roleFixture();
    await s3.store.putNew("a.csv", SMALL_BODY, factsOf(SMALL_BODY), ALWAYS);
    expect(s3.server.buckets.commits.at(-1)?.principal).toBe("arn:aws:sts::444455556666:assumed-role/acme-in/spillway-users-000007");
  });

  it("is assumed once for many requests", async () => {
    await using s3 = await roleFixture();
    await s3.store.putNew("b.csv", LARGE_BODY, factsOf(LARGE_BODY), ALWAYS);
    expect(s3.server.count("AssumeRole")).toBe(1);
  });

  it.each([
    ["without the ExternalId", { external_id: undefined }],
    ["with another ExternalId", { external_id: "sync-other" }],
    ["that does not exist", { role_arn: "arn:aws:iam::444455556666:role/nobody" }],
  ])("refuses to be assumed %s, and the hint shows the trust condition or where to put it", async (_name, changes) => {
    await using s3 = await roleFixture(changes);
    await expect(s3.store.putNew("a.csv", SMALL_BODY, factsOf(SMALL_BODY), ALWAYS)).rejects.toMatchObject({
      code: "DESTINATION_ROLE_REFUSED",
      message: expect.stringContaining("AssumeRole arn:aws:iam::444455556666:role/"),
      hint: expect.stringMatching(/sts:ExternalId|external_id/),
    });
    expect(s3.server.buckets.commits).toEqual([]);
  });

  it.each([2, 4, 7])("whose session ends in the middle of an upload is assumed again, and the upload goes on: part %i", async (nth) => {
    await using s3 = await roleFixture();
    s3.server.faults.add({ operation: "UploadPart", nth, fault: { kind: "expire_sessions" } });
    expect(await s3.store.putNew("b.csv", LARGE_BODY, factsOf(LARGE_BODY), ALWAYS)).toEqual({ kind: "created" });
    expect(s3.server.count("AssumeRole")).toBeGreaterThan(1);
    expect(s3.server.count("CreateMultipartUpload")).toBe(1);
    expect(s3.server.buckets.commits.filter(({ key }) => key === "in/b.csv")).toMatchObject([{ sha256: LARGE_BODY.sha256 }]);
  });

  it.each(["PutObject", "CreateMultipartUpload", "CompleteMultipartUpload", "HeadObject"] as const)(
    "whose session has ended before %s is assumed again",
    async (operation) => {
      await using s3 = await roleFixture();
      await s3.store.promises(ALWAYS);
      s3.server.faults.add({ operation, fault: { kind: "expire_sessions" } });
      const body = operation === "PutObject" ? SMALL_BODY : LARGE_BODY;
      const outcome = operation === "HeadObject" ? s3.store.head("a.csv", ALWAYS) : s3.store.putNew("a.csv", body, factsOf(body), ALWAYS);
      expect(await outcome).toEqual({ kind: operation === "HeadObject" ? "forbidden" : "created" });
    },
  );

  it("that can no longer be assumed once its session has ended stops the run", async () => {
    await using s3 = await roleFixture();
    await s3.store.promises(ALWAYS);
    s3.server.faults.add({ operation: "PutObject", fault: { kind: "expire_sessions" } });
    s3.server.faults.add({ operation: "AssumeRole", times: 100, fault: { kind: "status", status: 403, code: "AccessDenied" } });
    const outcome = s3.store.putNew("a.csv", SMALL_BODY, factsOf(SMALL_BODY), ALWAYS);
    await expect(outcome).rejects.toMatchObject({ code: "DESTINATION_ROLE_REFUSED" });
  });

  it("is asked for again when STS is busy", async () => {
    await using s3 = await roleFixture();
    s3.server.faults.add({ operation: "AssumeRole", times: 2, fault: { kind: "status", status: 503, code: "ServiceUnavailable" } });
    expect(await s3.store.putNew("a.csv", SMALL_BODY, factsOf(SMALL_BODY), ALWAYS)).toEqual({ kind: "created" });
  });
});

describe("an STS that does not answer", () => {
  it("leaves nothing open about the object: no request for it was made", async () => {
    await using s3 = await roleFixture({ conditional_writes: "off", max_attempts: 1 });
    s3.server.faults.add({ operation: "AssumeRole", times: 100, fault: { kind: "lost_reply" } });
    const outcome = s3.store.putNew("a.csv", SMALL_BODY, null, ALWAYS);
    await expect(outcome).rejects.toMatchObject({ code: "DESTINATION_UNAVAILABLE", message: expect.stringContaining("AssumeRole") });
    expect(s3.server.count("PutObject")).toBe(0);
  });

  it("leaves nothing open either when it fails between two tries of an object that was refused", async () => {
    await using s3 = await roleFixture();
    await s3.store.promises(ALWAYS);
    s3.server.faults.add({ operation: "PutObject", fault: { kind: "expire_sessions" } });
    s3.server.faults.add({ operation: "AssumeRole", times: 100, fault: { kind: "reset" } });
    await expect(s3.store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
  });
});

describe("keys of the options", () => {
  it("that a file holds are read anew once they have expired", async () => {
    await using folder = await tempFolder();
    await using s3 = await s3Fixture();
    const old = s3.server.accounts.addUser("old", []);
    const fresh = s3.server.accounts.addUser("fresh", PUT_ONLY);
    const write = async (keys: typeof old): Promise<void> => {
      await writeFile(folder.at("id"), keys.accessKeyId);
      await writeFile(folder.at("secret"), keys.secretAccessKey);
    };
    await write(old);
    const store = await s3.open({
      credentials: { access_key_id: { file: folder.at("id") }, secret_access_key: { file: folder.at("secret") } },
      conditional_writes: "off",
    });
    await expect(store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_ACCESS_DENIED" });
    await write(fresh);
    s3.server.faults.add({ operation: "PutObject", fault: { kind: "status", status: 400, code: "ExpiredToken" } });
    expect(await store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).toEqual({ kind: "created" });
  });

  it("that stay expired stop the run with advice", async () => {
    await using s3 = await s3Fixture();
    s3.server.faults.add({ operation: "PutObject", times: 100, fault: { kind: "status", status: 400, code: "ExpiredToken" } });
    await expect(s3.store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).rejects.toMatchObject({
      code: "DESTINATION_CREDENTIALS",
      hint: expect.stringContaining("Renew the keys"),
    });
    expect(s3.server.count("PutObject")).toBe(2);
  });

  it("that stand in a file which is gone name the file and ask S3 nothing", async () => {
    await using s3 = await s3Fixture();
    const store = await s3.open({ credentials: { access_key_id: { file: "/nowhere/id" }, secret_access_key: "x" } });
    await expect(store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE" });
    expect(s3.server.requests).toEqual([]);
  });
});

describe("without keys in the options", () => {
  it("the environment's credentials are used", async () => {
    await using s3 = await s3Fixture();
    const keys = s3.server.accounts.addUser("from-environment", PUT_ONLY);
    vi.stubEnv("AWS_ACCESS_KEY_ID", keys.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", keys.secretAccessKey);
    const store = await s3.open({ credentials: undefined });
    expect(await store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).toEqual({ kind: "created" });
    expect(s3.server.buckets.commits.at(-1)?.principal).toContain("user/from-environment");
  });

  it("a profile of the shared files is used, with a role on top of it", async () => {
    await using folder = await tempFolder();
    await using s3 = await s3Fixture();
    const keys = s3.server.accounts.addUser("from-profile", ASSUMER);
    const roleArn = s3.server.accounts.addRole("acme-in", { grants: PUT_ONLY });
    const text = `[profile partner]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`;
    await writeFile(folder.at("config"), text);
    vi.stubEnv("AWS_CONFIG_FILE", folder.at("config"));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", folder.at("none"));
    const store = await s3.open({ credentials: undefined, profile: "partner", role_arn: roleArn });
    expect(await store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).toEqual({ kind: "created" });
    expect(s3.server.buckets.commits.at(-1)?.principal).toContain("assumed-role/acme-in/");
  });

  it("nothing found is said with the ways to give some, and S3 is asked nothing", async () => {
    await using folder = await tempFolder();
    await using s3 = await s3Fixture();
    for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, folder.at("none"));
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const store = await s3.open({ credentials: undefined });
    await expect(store.putNew("a.csv", SMALL_BODY, null, ALWAYS)).rejects.toMatchObject({
      code: "DESTINATION_CREDENTIALS",
      hint: expect.stringContaining("AWS_PROFILE"),
    });
    expect(s3.server.requests).toEqual([]);
  });
});

describe("a session name", () => {
  it.each([
    ["spillway-users.acme-000042", "spillway-users.acme-000042"],
    ["users/acme #7", "users-acme-7"],
    ["x", "x--"],
    ["y".repeat(80), "y".repeat(64)],
  ])("fits what STS takes: %s", (text, expected) => {
    expect(roleSessionName(text)).toBe(expected);
    expect(expected).toMatch(/^[\w+=,.@-]{2,64}$/);
  });
});
