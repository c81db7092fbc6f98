import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ERROR_RULES, ruleFor } from "../../../src/sources/snowflake/error-rules.ts";
import { snowflakeError } from "../../../src/sources/snowflake/snowflake-error.ts";
import { around } from "../../../src/sources/snowflake/submitted-sql.ts";

const thrown = (code: string | number, message: string, more: object = {}): Error => Object.assign(new Error(message), { code, ...more });
const translated = (error: Error, sql = around("SELECT * FROM (\n", "select id\nfrom users", "\n)")) =>
  snowflakeError(error, { what: "describe the model's query", where: "acme", sql });

test.each([
  ["000606", "SOURCE_COMPUTE_UNAVAILABLE", "never", /`warehouse:`/u],
  ["090073", "SOURCE_QUOTA_EXCEEDED", "never", /quota/u],
  ["000607", "SOURCE_COMPUTE_UNAVAILABLE", "never", /RESUME/u],
  ["000630", "SOURCE_TIMEOUT", "never", /`statement_timeout:`/u],
  ["003001", "SOURCE_ACCESS_DENIED", "never", /GRANT SELECT/u],
  ["390189", "SOURCE_ACCESS_DENIED", "never", /`role:`/u],
  ["390422", "SOURCE_AUTH_FAILED", "never", /network policy/u],
  ["390201", "SOURCE_DATABASE_MISSING", "never", /`database:`/u],
  ["390111", "SOURCE_CONNECTION_LOST", "transient", /run again/u],
  ["000603", "SOURCE_QUERY_FAILED", "transient", /run again/u],
  ["100051", "SOURCE_QUERY_FAILED", "never", /NULLIF/u],
])("error %s is %s, with the fix", (number, code, retry, hint) => {
  expect(translated(thrown(number, "words"))).toMatchObject({
    code,
    retry,
    hint: expect.stringMatching(hint) as string,
    context: { number },
  });
});

test("no rule hides behind an earlier one, and each code stands in the source's page", async () => {
  const page = await readFile("docs/sources/snowflake.md", "utf8");
  for (const [at, rule] of ERROR_RULES.entries()) {
    const hiding = ERROR_RULES.slice(0, at).find((earlier) => rule.number.startsWith(earlier.number));
    expect(hiding, `${rule.number} is hidden by ${String(hiding?.number)}`).toBeUndefined();
    expect(page).toContain(`\`${rule.code}\``);
  }
  expect(ruleFor("999999").code).toBe("SOURCE_QUERY_FAILED");
});

test.each([
  [
    "the response's own fields",
    thrown("000904", "SQL compilation error: error line 9 at position 9\ninvalid identifier 'X'", { data: { line: 3, pos: 5 } }),
  ],
  [
    "the words",
    thrown("001003", "SQL compilation error:\nsyntax error line 3 at position 5 unexpected 'X'.", { data: { line: -1, pos: -1 } }),
  ],
  [
    "the name",
    thrown("002003", "SQL compilation error:\nObject 'DB.PUBLIC.USERS' does not exist or not authorized.", { data: { line: -1, pos: -1 } }),
  ],
])("the place of a mistake is found by way of %s", (_name, error) => {
  expect(translated(error)).toMatchObject({
    message: expect.stringContaining("(line 2, column 6 of the query)\n  from users\n       ^") as string,
    context: { line: 2, column: 6 },
  });
});

test("a place outside of the model's query is not shown", () => {
  const error = thrown("000904", "SQL compilation error: error line 1 at position 3\ninvalid identifier 'X'", {
    data: { line: 1, pos: 3 },
  });
  expect(translated(error).message).toBe("Snowflake at acme cannot describe the model's query: invalid identifier 'X'");
});

test("once rows are computed, no word of the server goes on", () => {
  const sql = around("", "select 1", "", true);
  const failed = translated(thrown("002140", "Invalid argument 'ada@example.com'"), sql);
  expect(failed.message).toContain("its words are withheld");
  expect(JSON.stringify({ ...failed, message: failed.message, cause: failed.cause })).not.toContain("ada@");
});

test.each([
  [thrown(401_001, "x", { cause: { code: "ENOTFOUND" } }), "SOURCE_UNREACHABLE"],
  [thrown(401_001, "x", { cause: { code: "SELF_SIGNED_CERT_IN_CHAIN" } }), "SOURCE_TLS_FAILED"],
  [thrown(401_001, "x", { cause: { code: "ECONNRESET" } }), "SOURCE_CONNECTION_LOST"],
  [thrown(401_002, "x", { response: { statusCode: 503 } }), "SOURCE_OVERLOADED"],
  [thrown(401_002, "x", { response: { statusCode: 403 } }), "SOURCE_UNREACHABLE"],
  [thrown(402_001, "x"), "SOURCE_TRUNCATED"],
  [thrown(407_002, "x"), "SOURCE_CONNECTION_LOST"],
  [thrown(412_001, "x"), "SOURCE_TLS_FAILED"],
])("what the driver itself throws has a code of ours: %s", (error, code) => {
  expect(translated(error)).toMatchObject({ code });
});
