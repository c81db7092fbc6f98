import { expect, test } from "vitest";
import { connectionSettings } from "../../../src/sources/snowflake/connection-settings.ts";
import { snowflakeOptionsSchema } from "../../../src/sources/snowflake/snowflake-options.ts";
import { userKey } from "../../support/snowflake/test-snowflake-server.ts";

const never = new AbortController().signal;
const BASE = { type: "snowflake", account: "myorg-acme", username: "SPILLWAY" };
const settingsOf = async (written: Record<string, unknown>) =>
  await connectionSettings(snowflakeOptionsSchema.parse({ ...BASE, ...written }), "users", never);
const problemsOf = (written: Record<string, unknown>) =>
  (snowflakeOptionsSchema.safeParse({ ...BASE, ...written }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );

test("what is given says how to log in", async () => {
  expect(await settingsOf({ private_key: userKey() })).toMatchObject({ authenticator: "key_pair" });
  expect(await settingsOf({ token: "t" })).toMatchObject({ authenticator: "programmatic_access_token" });
  expect(await settingsOf({ token: "t", authenticator: "oauth" })).toMatchObject({ authenticator: "oauth" });
  expect(await settingsOf({ password: "p" })).toMatchObject({ authenticator: "password" });
});

test("what is left out has its default, and the account comes from the address", async () => {
  expect(await settingsOf({ token: "t" })).toMatchObject({
    account: "myorg-acme",
    accessUrl: null,
    role: null,
    warehouse: null,
    parameters: { queryTag: "spillway/users", statementTimeoutMs: 3_600_000 },
    connectTimeoutMs: 60_000,
    idleTimeoutMs: 300_000,
  });
  const private_ = { account: undefined, access_url: "https://acme.privatelink.snowflakecomputing.com/", token: "t" };
  expect(await settingsOf(private_)).toMatchObject({ account: "acme", accessUrl: "https://acme.privatelink.snowflakecomputing.com" });
});

test.each([
  ["no secret", {}, ": give private_key_path or private_key, token, or password"],
  ["two secrets", { token: "t", password: "p" }, ": give one of token and password, not both"],
  ["an authenticator without its secret", { authenticator: "oauth", password: "p" }, ": authenticator: oauth needs token"],
  ["a passphrase without a key", { token: "t", private_key_passphrase: "x" }, ": private_key_passphrase goes with a private key"],
  ["no account", { account: undefined, token: "t" }, ": give account, or access_url"],
  ["a URL as account", { account: "https://x", token: "t" }, "account: write the account identifier, such as myorg-myaccount"],
  [
    "an address with a path",
    { access_url: "https://x.snowflakecomputing.com/console", token: "t" },
    "access_url: write the address alone, such as https://myorg-myaccount.snowflakecomputing.com",
  ],
])("%s is refused", (_name, written, problem) => {
  expect(problemsOf(written)).toContain(problem);
});

test.each([
  [
    "is encrypted and has no passphrase",
    { private_key: userKey("secret") },
    /encrypted, and there is no passphrase/u,
    /private_key_passphrase/u,
  ],
  ["has another passphrase", { private_key: userKey("secret"), private_key_passphrase: "wrong" }, /does not open it/u, /openssl pkey/u],
  ["is no key", { private_key: "secret words" }, /no PEM text/u, /BEGIN PRIVATE KEY/u],
])("a private key that %s is told so, without a word of it", async (_name, written, message, hint) => {
  const failing = settingsOf(written);
  await expect(failing).rejects.toMatchObject({
    code: "SOURCE_AUTH_FAILED",
    message: expect.stringMatching(message) as string,
    hint: expect.stringMatching(hint) as string,
  });
  await expect(failing).rejects.not.toMatchObject({ message: expect.stringContaining("secret words") as string });
});
