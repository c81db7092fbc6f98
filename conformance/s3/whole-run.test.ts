import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openS3Store } from "../../src/s3/s3-store.ts";
import { say, type Said } from "../../test/support/fake-host.ts";
import { ALWAYS } from "../../test/support/s3/s3-fixture.ts";
import { tempFolder, type TempFolder } from "../../test/support/temp-folder.ts";
import { optionsOn, serverUnderTest } from "./server-under-test.ts";

const server = serverUnderTest();
const { endpoint, region, bucket, admin } = server;
// Where there are no users and roles, the one pair of keys delivers.
const writing = server.iam === null ? {} : { role_arn: server.iam.roleArn, external_id: server.iam.externalId, sts_endpoint: endpoint };
const prefix = `in/${randomUUID()}`;
const connection = { endpoint, region, path_style: true, checksums: server.wholeObjectChecksums ? "supported" : "required" };

/** A host of its own that shares nothing with others but the server. */
async function makeHost(folder: TempFolder, name: string): Promise<string> {
  const config = {
    version: 1,
    state: { url: `s3://${bucket}/state-${prefix.slice(3)}`, ...connection, credentials: admin },
    sources: { files: { type: "duckdb" } },
    destinations: {
      partner: { type: "s3", bucket, prefix, ...connection, ...writing, credentials: server.iam?.assumer ?? admin },
    },
  };
  const query = `SELECT * FROM read_csv('${folder.at("users.csv")}', header = true, all_varchar = true)`;
  await folder.write(`${name}/config.yaml`, JSON.stringify(config));
  await folder.write(`${name}/models/users.yaml`, JSON.stringify({ source: "files", destination: "partner", query, primary_key: ["id"] }));
  return folder.at(name);
}

async function delivered(name: string): Promise<string> {
  await using store = openS3Store(optionsOn(server, admin, { prefix }), { sessionName: "conformance" });
  return await text((await store.get(name, ALWAYS)) ?? Readable.from([]));
}

describe("whole runs", () => {
  it(
    "hosts with their state in a bucket take turns and deliver through a role, and the doctor is content",
    { timeout: 120_000 },
    async () => {
      await using folder = await tempFolder();
      const run = async (host: string, ...args: readonly string[]): Promise<Said> =>
        await say(args, { cwd: await makeHost(folder, host), clock: systemClock });
      await folder.write("users.csv", "id,name\na,1\nb,1\n");
      expect(await run("one", "doctor")).toMatchObject({ exit: 0, stderr: "" });
      expect(await run("one", "run", "-q")).toMatchObject({ exit: 0, stderr: "" });
      await folder.write("users.csv", "id,name\na,2\nc,1\n");
      expect(await run("two", "run", "-q")).toMatchObject({ exit: 0, stderr: "" });
      expect(await delivered("users-000002-changed-0001.csv")).toBe("id,name\na,2\n");
      expect(await delivered("users-000002-removed-0001.csv")).toBe("id,name\nb,1\n");
      expect(JSON.parse(await delivered("_spillway/users/000002.json"))).toMatchObject({ generation: 2 });
      expect((await run("one", "run", "-q")).stdout).toContain("nothing to tell");
      expect((await run("one", "status")).stdout).toContain("gen 2");
    },
  );
});
