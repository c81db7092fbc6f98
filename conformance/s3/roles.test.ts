import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { ObjectBody } from "../../src/core/ports.ts";
import { examineS3 } from "../../src/s3/s3-doctor.ts";
import { openS3Store } from "../../src/s3/s3-store.ts";
import { ALWAYS, bodyOf, factsOf, someBytes } from "../../test/support/s3/s3-fixture.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { optionsOn, serverUnderTest } from "./server-under-test.ts";

const server = serverUnderTest();
const MIB = 1024 * 1024;
const REAL_PARTS = { singlePutLimit: 5 * MIB, partSize: () => 5 * MIB };
const SMALL = bodyOf(someBytes(1000));
const LARGE = bodyOf(someBytes(16 * MIB));
const iam = server.iam ?? {
  writer: server.admin,
  assumer: server.admin,
  roleArn: "arn:aws:iam::000000000000:role/none",
  externalId: "none",
};
const context = { sessionName: "spillway-users-000001", tuning: { partSizes: REAL_PARTS } };
const asRole = (changes: Record<string, unknown> = {}) =>
  optionsOn(server, iam.assumer, { prefix: `in/${randomUUID()}`, role_arn: iam.roleArn, external_id: iam.externalId, ...changes });

// A store that was named by S3_TEST_ENDPOINT has one pair of keys: without users and STS there is nothing to examine here.
describe.skipIf(server.iam === null)("on a server with users and roles", () => {
  it("the published policy is enough for a user to deliver, and allows nothing more", async () => {
    const options = optionsOn(server, iam.writer, { prefix: `in/${randomUUID()}` });
    await using store = openS3Store(options, context);
    for (const body of [SMALL, LARGE]) {
      expect(await store.putNew(`${body.size}.csv`, body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
      expect(await store.putNew(`${body.size}.csv`, body, factsOf(body), ALWAYS)).toEqual({ kind: "exists", afterUnanswered: false });
      expect(await store.head(`${body.size}.csv`, ALWAYS)).toEqual({ kind: "forbidden" });
    }
    await expect(store.get("1000.csv", ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_ACCESS_DENIED" });
    await expect(store.list("", ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_ACCESS_DENIED" });
    await expect(store.delete("1000.csv", ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_ACCESS_DENIED" });
    await using outside = openS3Store({ ...options, prefix: "elsewhere", conditional_writes: "off" }, context);
    await expect(outside.putNew("a.csv", SMALL, null, ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_ACCESS_DENIED" });
  });

  it("a role is assumed with its ExternalId and delivers", async () => {
    await using store = openS3Store(asRole(), context);
    for (const body of [SMALL, LARGE])
      expect(await store.putNew(`${body.size}.csv`, body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
  });

  it.each([
    ["wrong", { external_id: "another-id" }],
    ["missing", { external_id: undefined }],
  ])("a role refuses when the ExternalId is %s", async (_name, changes) => {
    await using store = openS3Store(asRole(changes), context);
    await expect(store.putNew("a.csv", SMALL, null, ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_ROLE_REFUSED" });
  });

  it("the doctor is content with the role, which refuses a missing ExternalId", async () => {
    const statuses: Record<string, string> = {};
    for await (const check of examineS3(asRole(), { ...context, clock: systemClock }, ALWAYS)) statuses[check.name] = check.status;
    expect(statuses).toEqual({
      clock: "ok",
      identity: "ok",
      role: "ok",
      external_id: "ok",
      write: "ok",
      conditions: "ok",
      parts: "skipped",
      read: "ok",
    });
  });
});

describe.skipIf(server.iam === null)("on a server whose sessions can be short", () => {
  it("a session that expires in the middle of an upload is renewed, and the upload goes on", async () => {
    await using folder = await tempFolder();
    const writeKeys = async (keys: object): Promise<void> => {
      await Promise.all(Object.entries(keys).map(([name, text]) => writeFile(folder.at(name), String(text))));
    };
    const later = await sessionOf(900);
    await writeKeys(await sessionOf(2));
    const file = (name: string): object => ({ file: folder.at(name) });
    const credentials = { access_key_id: file("id"), secret_access_key: file("secret"), session_token: file("token") };
    const options = optionsOn(server, server.admin, { prefix: `in/${randomUUID()}`, credentials, concurrency: { parts: 1 } });
    await using store = openS3Store(options, context);
    let renewed: Promise<void> | null = null;
    const renewOnce = async (): Promise<void> => {
      await setTimeout(3000);
      await writeKeys(later);
    };
    const body: ObjectBody = {
      ...LARGE,
      open: (start = 0, end = LARGE.size) => {
        if (start === 0) return LARGE.open(start, end);
        renewed ??= renewOnce();
        return Readable.from(after(renewed, LARGE.open(start, end)));
      },
    };
    expect(await store.putNew("slow.csv", body, factsOf(LARGE), ALWAYS)).toEqual({ kind: "created" });
    expect(renewed).not.toBeNull();
  });
});

async function* after(ready: Promise<void>, stream: Readable): AsyncIterable<Buffer> {
  await ready;
  yield* stream as AsyncIterable<Buffer>;
}

async function sessionOf(seconds: number): Promise<{ readonly id: string; readonly secret: string; readonly token: string }> {
  const keys = { accessKeyId: iam.assumer.access_key_id, secretAccessKey: iam.assumer.secret_access_key };
  const sts = new STSClient({ endpoint: server.endpoint, region: server.region, credentials: keys });
  const command = new AssumeRoleCommand({
    RoleArn: iam.roleArn,
    ExternalId: iam.externalId,
    RoleSessionName: "short",
    DurationSeconds: seconds,
  });
  const { Credentials } = await sts.send(command);
  sts.destroy();
  return { id: Credentials?.AccessKeyId ?? "", secret: Credentials?.SecretAccessKey ?? "", token: Credentials?.SessionToken ?? "" };
}
