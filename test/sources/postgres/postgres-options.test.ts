import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { connectionSettings } from "../../../src/sources/postgres/connection-settings.ts";
import { connectionUrlProblem, parseConnectionUrl } from "../../../src/sources/postgres/connection-url.ts";
import { postgresOptionsSchema } from "../../../src/sources/postgres/postgres-options.ts";

const never = new AbortController().signal;
const settingsOf = async (written: Record<string, unknown>) =>
  await connectionSettings(postgresOptionsSchema.parse({ type: "postgres", ...written }), "users", never);
const problemsOf = (written: Record<string, unknown>) =>
  (postgresOptionsSchema.safeParse({ type: "postgres", ...written }).error?.issues ?? []).map(
    (issue) => `${issue.path.join(".")}: ${issue.message}`,
  );

describe("connection settings", () => {
  test("come from the url alone", async () => {
    const settings = await settingsOf({
      url: "postgresql://me:p%40ss@db.example:6543/app?sslmode=disable&application_name=x&connect_timeout=3",
    });
    expect(settings).toMatchObject({
      host: "db.example",
      port: 6543,
      database: "app",
      user: "me",
      sslMode: "disable",
      tls: null,
      applicationName: "x",
      connectTimeoutMs: 3000,
    });
    expect(settings.password?.reveal()).toBe("p@ss");
  });

  test("let keys beside the url win", async () => {
    const settings = await settingsOf({
      url: "postgres://me:old@db/app?sslmode=disable",
      host: "other",
      port: 1,
      database: "d",
      user: "u",
      password: "new",
      ssl: { mode: "require" },
    });
    expect(settings).toMatchObject({ host: "other", port: 1, database: "d", user: "u", sslMode: "require" });
    expect(settings.password?.reveal()).toBe("new");
  });

  test("have libpq's defaults: port 5432, the user's database, sslmode prefer", async () => {
    expect(await settingsOf({ host: "db", user: "me" })).toMatchObject({
      port: 5432,
      database: "me",
      sslMode: "prefer",
      applicationName: "spillway/users",
    });
    expect(await settingsOf({ host: "db", user: "me", ssl: {} })).toMatchObject({ sslMode: "verify-full" });
  });

  test("take a Unix socket's folder as host, without TLS", async () => {
    for (const url of ["postgres://me@/app?host=/var/run/postgresql", "postgres://me@%2Fvar%2Frun%2Fpostgresql/app"]) {
      expect(await settingsOf({ url })).toMatchObject({ host: "/var/run/postgresql", database: "app", tls: null });
    }
  });

  test("take an IPv6 address", async () => {
    expect(await settingsOf({ url: "postgres://me@[::1]:5433/app" })).toMatchObject({ host: "::1", port: 5433 });
  });

  test("need a user", async () => {
    await expect(settingsOf({ host: "db" })).rejects.toMatchObject({ code: "SOURCE_AUTH_FAILED" });
  });
});

describe("options", () => {
  test.each([
    [{}, "url, or host"],
    [{ url: "mysql://x" }, "postgres://"],
    [{ url: "postgres://a,b/db" }, "several hosts"],
    [{ url: "postgres://db/app?sslmode=always" }, "sslmode"],
    [{ url: "postgres://db/app?target=x" }, "parameter target"],
    [{ url: "postgres://me:100%@db/app" }, "%25"],
    [{ host: "db", statement_timeout: "soon" }, "duration"],
    [{ host: "db", port: 70_000 }, "port"],
    [{ host: "db", ssl: { cert: "c.pem" } }, "belong together"],
    [{ host: "db", hots: "x" }, "hots"],
  ])("%j are refused: %s", (written, saying) => {
    expect(problemsOf(written).join("\n")).toContain(saying);
  });

  test("take PEM text as it is and anything else as a path", () => {
    const options = postgresOptionsSchema.parse({
      type: "postgres",
      host: "db",
      ssl: { ca: "ca.pem", cert: "-----BEGIN CERTIFICATE-----", key: { file: "k" } },
    });
    expect(options.ssl).toMatchObject({ ca: { file: "ca.pem" }, cert: expect.any(Secret), key: { file: "k" } });
  });

  test("never show a password of the url, parsed or refused", () => {
    const options = postgresOptionsSchema.parse({ type: "postgres", url: "postgres://me:hunter2@db/app" });
    expect(JSON.stringify(options)).not.toContain("hunter2");
    expect(problemsOf({ url: "postgres://me:hunter2@db/app?nope=1" }).join()).not.toContain("hunter2");
  });
});

test("any user, password and database comes back from a url that encodes them", () => {
  const text = fc.string({ minLength: 1, unit: "grapheme" });
  fc.assert(
    fc.property(text, text, text, (user, password, database) => {
      const url = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@db/${encodeURIComponent(database)}`;
      // The URL standard takes these two for steps between folders, encoded or not.
      fc.pre(!/^\.{1,2}$/u.test(database));
      expect(connectionUrlProblem(url)).toBeNull();
      expect(parseConnectionUrl(url)).toMatchObject({ host: "db", user, password, database });
    }),
  );
});
