import { generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { bigqueryError } from "../../../src/sources/bigquery/bigquery-error.ts";
import { authFailure } from "../../../src/sources/bigquery/bigquery-failure.ts";
import { bigqueryOptionsSchema } from "../../../src/sources/bigquery/bigquery-options.ts";
import { identify } from "../../../src/sources/bigquery/credentials.ts";
import { PACE, pauseBefore } from "../../../src/sources/bigquery/pace.ts";
import { never, openTestSource } from "../../support/bigquery/bigquery-fixture.ts";
import { TestBigqueryServer } from "../../support/bigquery/test-bigquery-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";

let folder: TempFolder;
let server: TestBigqueryServer;
beforeAll(async () => {
  folder = await tempFolder();
  server = await TestBigqueryServer.start(folder.path);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
afterEach(() => server.faults.clear());

const KEY = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
const ACCOUNT = { type: "service_account", project_id: "acme-keys", client_email: "x@acme-keys.iam.gserviceaccount.com", private_key: KEY };
const parse = (written: object) => bigqueryOptionsSchema.parse({ type: "bigquery", ...written });

test("credentials never cross an http:// endpoint", async () => {
  await using source = await openTestSource(server.endpoint, { credentials: JSON.stringify(ACCOUNT) });
  await source.describe("SELECT 1 AS id", never);
  expect(server.seen.map(({ authorization }) => authorization)).toEqual([null, null]);
});

test("a key is taken as a path and as its own text, and names the project", async () => {
  await folder.write("key.json", JSON.stringify(ACCOUNT));
  for (const credentials of [JSON.stringify(ACCOUNT), folder.at("key.json")]) {
    expect((await identify(parse({ credentials }), never)).project).toBe("acme-keys");
  }
});

test("impersonation asks as another account, with the given one behind it", async () => {
  const { client, project } = await identify(
    parse({ credentials: JSON.stringify(ACCOUNT), impersonate: "reader@acme.iam.gserviceaccount.com" }),
    never,
  );
  expect(client.constructor.name).toBe("Impersonated");
  expect(project).toBe("acme-keys");
});

test.each([
  ["no JSON", "not a key", "are no JSON"],
  ["no credential", '{"a": 1}', "hold no `type`"],
  ["a service account without its key", '{"type": "service_account"}', "without private_key"],
])("credentials that are %s are refused without a word of them", async (_what, text, says) => {
  await folder.write("bad.json", text);
  const failing = identify(parse({ credentials: folder.at("bad.json") }), never);
  await expect(failing).rejects.toMatchObject({ code: "SOURCE_AUTH_FAILED" });
  await expect(failing).rejects.toThrow(says);
});

test.each([
  [{ response: { status: 400, data: { error: "invalid_grant" } } }, "SOURCE_AUTH_FAILED", "no longer valid"],
  [{ response: { status: 403, data: {} } }, "SOURCE_AUTH_FAILED", "may not act as"],
  [new Error("Could not load the default credentials. Browse to …"), "SOURCE_AUTH_FAILED", "no application default credentials"],
  [new Error("error:1E08010C:DECODER routines::unsupported"), "SOURCE_AUTH_FAILED", "private key"],
  [
    Object.assign(new Error("request to https://oauth2.googleapis.com failed"), { code: "ENOTFOUND" }),
    "SOURCE_UNREACHABLE",
    "host name is not known",
  ],
  [new Error("something secret"), "SOURCE_AUTH_FAILED", "no access token"],
])("what the authentication library throws becomes a code and a fix: %#", (thrown, code, says) => {
  const error = bigqueryError(authFailure(thrown), { what: "connect", where: "project acme", stage: "describe" });
  expect(error).toMatchObject({ code });
  expect(String(error)).toContain(says);
  expect(String(error)).not.toContain("secret");
});

test("columns without a name are told as such", async () => {
  server.faults.add({
    operation: "dryRun",
    nth: 2,
    fault: { kind: "status", status: 400, reason: "invalidQuery", message: "Name f0_ not found inside model" },
  });
  await using source = await openTestSource(server.endpoint);
  const failing = source.describe("SELECT 1 AS f0_", never);
  await expect(failing).rejects.toMatchObject({ code: "SOURCE_QUERY_REFUSED" });
  await expect(failing).rejects.toThrow('(BigQuery calls them "f0_")');
});

test("pauses double up to the longest, and are never the same for all", () => {
  const whole = [2, 3, 4, 5, 6, 7].map((attempt) => pauseBefore(attempt, PACE, () => 1));
  expect(whole).toEqual([500, 1000, 2000, 4000, 8000, 16_000]);
  expect(pauseBefore(20, PACE, () => 0)).toBe(8000);
});

test.each([
  [{ api_endpoint: "localhost:9050", project: "acme" }, "write http://host:port"],
  [{ api_endpoint: "http://localhost:9050" }, "give project"],
  [{ project: "Acme Analytics" }, "write a project's id"],
  [{ dataset: "a.b.c-d" }, "write a dataset"],
  [{ labels: { Team: "x" } }, "lower-case"],
  [{ maximum_bytes_billed: "plenty" }, "write a size"],
])("options that cannot work are refused: %j", (written, says) => {
  const result = bigqueryOptionsSchema.safeParse({ type: "bigquery", ...written });
  expect(JSON.stringify(result.error?.issues)).toContain(says);
});

test("an endpoint is taken with and without the API's path", () => {
  for (const url of ["http://localhost:9050", "http://localhost:9050/", "http://localhost:9050/bigquery/v2/"]) {
    expect(parse({ project: "acme", api_endpoint: url }).api_endpoint).toBe("http://localhost:9050");
  }
});
