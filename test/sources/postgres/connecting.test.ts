import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgres, type PostgresServer } from "../../support/postgres/postgres-server.ts";
import { makeCertificates } from "../../support/postgres/test-certificates.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { extractAll, openTestSource } from "./open-test-source.ts";

const PASSWORD = "s3cret/pass:word";

let folder: TempFolder;
let server: PostgresServer;
let plain: PostgresServer;
let ca: string;
beforeAll(async () => {
  folder = await tempFolder();
  const certificates = await makeCertificates(folder);
  ca = await folder.write("authority.pem", certificates.ca);
  server = await startPostgres({
    settings: { ssl: "on", ssl_cert_file: "server.pem", ssl_key_file: "server.key" },
    files: { "server.pem": certificates.cert, "server.key": certificates.key },
    hba: [
      "hostssl all encrypted 127.0.0.1/32 trust",
      "host all encrypted 127.0.0.1/32 reject",
      "host all guarded 127.0.0.1/32 scram-sha-256",
      "host all barred 127.0.0.1/32 reject",
    ],
  });
  await server.sql(
    `CREATE ROLE guarded LOGIN PASSWORD '${PASSWORD}'; CREATE ROLE barred LOGIN; CREATE ROLE encrypted LOGIN; CREATE ROLE single LOGIN CONNECTION LIMIT 0`,
  );
  plain = await startPostgres();
});
afterAll(async () => {
  await plain[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const at = (user: string, more: Record<string, unknown> = {}) => ({
  host: "localhost",
  port: server.port,
  user,
  database: "postgres",
  ...more,
});
const encryption = "SELECT CASE WHEN ssl THEN 'encrypted' ELSE 'plain' END AS how FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
const howOf = async (written: Record<string, unknown>) => {
  await using source = await openTestSource(written);
  return (await extractAll(source, encryption)).lines[0];
};

describe("TLS, in libpq's words", () => {
  test.each([
    ["disable", "plain"],
    ["prefer", "encrypted"],
    ["require", "encrypted"],
  ])("sslmode %s gives a connection that is %s", async (mode, how) => {
    expect(await howOf(at("postgres", { ssl: { mode } }))).toBe(how);
    expect(await howOf({ url: `postgres://postgres@localhost:${server.port}/postgres?sslmode=${mode}` })).toBe(how);
  });

  test.each(["verify-ca", "verify-full"])("sslmode %s trusts the authority that is given, and no other", async (mode) => {
    expect(await howOf(at("postgres", { ssl: { mode, ca } }))).toBe("encrypted");
    const url = `postgres://postgres@localhost:${server.port}/postgres?sslmode=${mode}`;
    expect(await howOf({ url: `${url}&sslrootcert=${encodeURIComponent(ca)}` })).toBe("encrypted");
    await expect(openTestSource(at("postgres", { ssl: { mode } }))).rejects.toMatchObject({ code: "SOURCE_TLS_FAILED" });
    await expect(openTestSource({ url })).rejects.toMatchObject({ code: "SOURCE_TLS_FAILED" });
  });

  test("verify-full wants the host's name in the certificate, verify-ca does not", async () => {
    const byAddress = at("postgres", { host: "127.0.0.1" });
    expect(await howOf({ ...byAddress, ssl: { mode: "verify-ca", ca } })).toBe("encrypted");
    await expect(openTestSource({ ...byAddress, ssl: { mode: "verify-full", ca } })).rejects.toMatchObject({
      code: "SOURCE_TLS_FAILED",
      message: expect.stringContaining("another host name"),
    });
  });

  test("prefer goes without TLS where the server does none, require does not", async () => {
    expect(await howOf({ url: plain.url() })).toBe("plain");
    await expect(openTestSource({ url: `${plain.url()}?sslmode=require` })).rejects.toMatchObject({
      code: "SOURCE_TLS_FAILED",
      message: expect.stringContaining("does no TLS"),
    });
  });

  test("channel_binding=require is kept to, where the server binds and where it cannot", async () => {
    const url = `postgres://guarded:${encodeURIComponent(PASSWORD)}@localhost:${server.port}/postgres?channel_binding=require`;
    expect(await howOf({ url: `${url}&sslmode=require` })).toBe("encrypted");
    await expect(openTestSource({ url: `${url}&sslmode=disable` })).rejects.toMatchObject({ code: "SOURCE_TLS_FAILED" });
    await expect(openTestSource({ url: `${server.url()}?channel_binding=require` })).rejects.toMatchObject({ code: "SOURCE_TLS_FAILED" });
  });

  test("carries a large result whole", async () => {
    await using source = await openTestSource(at("encrypted"));
    const { rows, lines } = await extractAll(source, "SELECT g AS id, repeat(g::text, 40) AS a FROM generate_series(1, 50000) g");
    expect(rows).toBe(50_000n);
    expect(lines).toHaveLength(50_000);
    expect(lines[49_999]).toBe(`50000\t${"50000".repeat(40)}`);
  });
});

describe("logging in", () => {
  test.each([
    ["the password as text", async () => ({ password: PASSWORD })],
    ["a file that holds it", async () => ({ password: { file: await folder.write("password", `${PASSWORD}\n`) } })],
    ["a command that prints it", async () => ({ password: { command: ["printf", "%s", PASSWORD] } })],
  ])("takes %s", async (_what, given) => {
    expect(await howOf(at("guarded", await given()))).toBe("encrypted");
  });

  test("takes a percent-encoded password from the url", async () => {
    expect(await howOf({ url: `postgres://guarded:${encodeURIComponent(PASSWORD)}@localhost:${server.port}/postgres` })).toBe("encrypted");
  });

  test.each([
    ["a wrong password", "SOURCE_AUTH_FAILED", () => at("guarded", { password: "wr0ng-one" })],
    ["no password where one is asked for", "SOURCE_AUTH_FAILED", () => at("guarded")],
    ["a user that the server does not know", "SOURCE_AUTH_FAILED", () => at("nobody")],
    ["a rule of pg_hba.conf", "SOURCE_AUTH_FAILED", () => at("barred")],
    ["a server that wants TLS for this user", "SOURCE_AUTH_FAILED", () => at("encrypted", { ssl: { mode: "disable" } })],
    ["a database that is not there", "SOURCE_DATABASE_MISSING", () => at("postgres", { database: "nowhere" })],
    ["a role that is not there", "SOURCE_ACCESS_DENIED", () => at("postgres", { role: "nowhere" })],
    ["no connection left", "SOURCE_OVERLOADED", () => at("single")],
    ["a port where nothing listens", "SOURCE_UNREACHABLE", () => at("postgres", { port: 1 })],
    ["a host name that does not exist", "SOURCE_UNREACHABLE", () => at("postgres", { host: "nowhere.invalid" })],
    ["a socket folder without a socket", "SOURCE_UNREACHABLE", () => at("postgres", { host: folder.path })],
    ["a TLS file that cannot be read", "SOURCE_TLS_FAILED", () => at("postgres", { ssl: { ca: folder.at("missing.pem") } })],
  ])("says what to do about %s: %s", async (_what, code, written) => {
    const attempt = async () => {
      await using source = await openTestSource(written());
      await extractAll(source, "SELECT 1 AS a");
    };
    const error: unknown = await attempt().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "SyncError", code, hint: expect.stringMatching(/\w/u) });
    expect(JSON.stringify(error) + String(error)).not.toContain("wr0ng-one");
  });

  test("gives up on a server that never answers after connect_timeout", async () => {
    await using proxy = await startTcpProxy(server.port);
    proxy.fault({ kind: "blackhole", afterBytes: 0 });
    await expect(openTestSource(at("postgres", { port: proxy.port, connect_timeout: "200ms" }))).rejects.toMatchObject({
      code: "SOURCE_UNREACHABLE",
      retry: "transient",
      message: expect.stringContaining("connect_timeout"),
    });
  });
});
