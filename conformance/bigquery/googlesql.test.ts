import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { bigqueryDialect } from "../../src/sources/bigquery/bigquery-dialect.ts";
import { bigqueryCanonical, columnOf, projectionSql } from "../../src/sources/bigquery/bigquery-types.ts";
import { windowQuery } from "../../src/sync/event-window.ts";
import { CANONICAL_VALUES } from "../../test/support/bigquery/canonical-values.ts";
import {
  GOLDEN_AUDIENCES,
  GOLDEN_DUPLICATE_KEYS,
  GOLDEN_FIELDS,
  GOLDEN_NULL_KEYS,
  GOLDEN_PROJECTION,
} from "../../test/support/bigquery/golden-sql.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { freePort, stopServer } from "../warehouses/servers.ts";

const client = process.env["SPILLWAY_GOOGLESQL"] ?? "";
if (client === "") throw new Error("run `npm run conformance:warehouses`: it installs the analyser that these tests ask");
const never = new AbortController().signal;

type Method = (request: object, callback: (error: Error | null, answer: unknown) => void) => void;
interface Client {
  readonly API: Readonly<Record<string, Method>>;
  init(port: number): void;
  getInstance(): { testConnection(): Promise<boolean> };
}

let child: ChildProcess;
let api: Client["API"];
let options: object;
beforeAll(async () => {
  const { ZetaSQLClient } = createRequire(import.meta.url)(client) as { readonly ZetaSQLClient: Client };
  const suffix = `${process.arch.startsWith("arm") ? "_arm" : ""}${process.platform === "darwin" ? "" : ".so"}`;
  const port = await freePort();
  child = spawn(join(dirname(client), `zetasql/remote_server${suffix}`), ["localhost", String(port)], { stdio: "ignore" });
  ZetaSQLClient.init(port);
  if (!(await ZetaSQLClient.getInstance().testConnection())) throw new Error("the GoogleSQL analyser did not start");
  api = ZetaSQLClient.API;
  const language = (await ask("getLanguageOptions", { maximumFeatures: true })) as object;
  options = { languageOptions: { ...language, productMode: "PRODUCT_EXTERNAL" }, defaultTimezone: "Europe/Berlin" };
});
afterAll(async () => await stopServer(child));

async function ask(method: string, request: object): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    api[method]?.(request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
}

/** A catalog with these tables; columns of TypeProto kinds. */
function catalog(tables: Readonly<Record<string, readonly (readonly [name: string, type: object])[]>> = {}): object {
  const table = Object.entries(tables).map(([name, columns]) => ({
    name,
    column: columns.map(([column, type]) => ({ name: column, type })),
  }));
  return {
    name: "catalog",
    table,
    builtinFunctionOptions: { languageOptions: (options as { readonly languageOptions: object }).languageOptions },
  };
}

async function analyse(sql: string, tables: Parameters<typeof catalog>[0]): Promise<void> {
  await ask("analyze", { options, simpleCatalog: catalog(tables), sqlStatement: sql, target: "sqlStatement" });
}

/** The rows of a query, as GoogleSQL's reference implementation computes them. */
async function evaluate(sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const answer = (await ask("evaluateQuery", { sql, options, simpleCatalog: catalog() })) as {
    readonly content: {
      readonly tableData: {
        readonly row: readonly { readonly cell: readonly { readonly stringValue?: string; readonly value?: string }[] }[];
      };
    };
  };
  return answer.content.tableData.row.map(({ cell }) => cell.map((one) => (one.value === "stringValue" ? (one.stringValue ?? "") : null)));
}

const KINDS: Readonly<Record<string, string>> = {
  INTEGER: "TYPE_INT64",
  FLOAT: "TYPE_DOUBLE",
  BOOLEAN: "TYPE_BOOL",
  NUMERIC: "TYPE_NUMERIC",
  BIGNUMERIC: "TYPE_BIGNUMERIC",
  STRING: "TYPE_STRING",
  BYTES: "TYPE_BYTES",
  DATE: "TYPE_DATE",
  TIME: "TYPE_TIME",
  DATETIME: "TYPE_DATETIME",
  TIMESTAMP: "TYPE_TIMESTAMP",
  JSON: "TYPE_JSON",
  GEOGRAPHY: "TYPE_GEOGRAPHY",
  INTERVAL: "TYPE_INTERVAL",
};
const scalar = (type: string): object => ({ typeKind: KINDS[type] });

function typeOf({ type, mode, fields }: (typeof GOLDEN_FIELDS)[number]): object {
  const members = (fields ?? []).map((field) => ({ fieldName: field.name, fieldType: typeOf(field) }));
  const one = type === "RECORD" ? { typeKind: "TYPE_STRUCT", structType: { field: members } } : scalar(type);
  return mode === "REPEATED" ? { typeKind: "TYPE_ARRAY", arrayType: { elementType: one } } : one;
}

describe("GoogleSQL's own analyser", () => {
  it("takes the extracting query over a column of every type", async () => {
    const typed = GOLDEN_FIELDS.map((field) => [field.name, typeOf(field)] as const);
    await expect(analyse(GOLDEN_PROJECTION, { typed })).resolves.toBeUndefined();
  });

  it("takes the query of an audience model", async () => {
    const users = [
      ["id", scalar("INTEGER")],
      ["ltv", scalar("NUMERIC")],
    ] as const;
    await expect(analyse(GOLDEN_AUDIENCES, { users })).resolves.toBeUndefined();
    const columns = [columnOf({ name: "id", type: "INTEGER" }), columnOf({ name: "_audience", type: "STRING" })];
    await expect(analyse(projectionSql(columns, GOLDEN_AUDIENCES), { users })).resolves.toBeUndefined();
  });

  it.each([GOLDEN_DUPLICATE_KEYS, GOLDEN_NULL_KEYS])("takes the queries that people are told to run: %s", async (sql) => {
    await expect(analyse(sql, {})).resolves.toBeUndefined();
  });

  it.each([
    ["DATE", "date"],
    ["DATETIME", "timestamp"],
    ["TIMESTAMP", "timestamp_tz"],
  ] as const)("takes the stretch of an event table whose cursor is a %s, and it is the stretch that was meant", async (type, kind) => {
    const events = `SELECT CAST(x AS ${type}) AS came, x AS name FROM UNNEST(['2026-01-01', '2026-01-02', '2026-01-03']) AS x`;
    const stretch = { from: "2026-01-02T00:00:00.000Z", to: "2026-01-03T00:00:00.000Z" };
    const sql = windowQuery(events, "came", kind, stretch, bigqueryDialect);
    const columns = [columnOf({ name: "name", type: "STRING" })];
    // A DATETIME holds UTC; the others are cast in the session's own zone, an hour ahead of it.
    const expected = type === "TIMESTAMP" ? "2026-01-03" : "2026-01-02";
    expect(await evaluate(projectionSql(columns, sql))).toEqual([[expected]]);
  });

  it("refuses a column without a name in the generated query, which is why such a query is refused", async () => {
    await expect(analyse(projectionSql([columnOf({ name: "f0_", type: "INTEGER" })], "SELECT 1"), {})).rejects.toThrow("f0_");
  });
});

describe("GoogleSQL's reference implementation", () => {
  it("prints values that become their canonical texts", async () => {
    await using folder = await tempFolder();
    await using engine = await openEngine({ memoryLimit: "128MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
    const columns = CANONICAL_VALUES.map(([type], at) => columnOf({ name: `c_${at}`, type }));
    const list = CANONICAL_VALUES.map(([, value], at) => `${value} AS c_${at}`);
    const [texts = []] = await evaluate(projectionSql(columns, `SELECT ${list.join(", ")}`));
    const canonical = columns.map((column, at) => {
      const text = texts[at] ?? null;
      return bigqueryCanonical(column, text === null ? "NULL::VARCHAR" : sqlText(text));
    });
    const [row] = await engine.rows(`SELECT ${canonical.join(", ")}`, never);
    expect(CANONICAL_VALUES.map(([type, value], at) => [type, value, row?.[at]])).toEqual(CANONICAL_VALUES);
  });

  it("counts each entity once for each audience that it meets", async () => {
    const sql = GOLDEN_AUDIENCES.replace(
      "SELECT id, ltv FROM users",
      "SELECT 1 AS id, 2000 AS ltv UNION ALL SELECT 2, -5 UNION ALL SELECT 3, NULL",
    );
    const columns = [columnOf({ name: "id", type: "INTEGER" }), columnOf({ name: "_audience", type: "STRING" })];
    const rows = await evaluate(projectionSql(columns, sql));
    expect(rows.map((row) => row.join(" ")).toSorted()).toEqual(["1 vip", "2 it's"]);
  });
});
