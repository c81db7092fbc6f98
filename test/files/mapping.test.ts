import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import type { Column, OutputValue } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import type { MappedStream } from "../../src/files/mapping-values.ts";
import { resolveMapping } from "../../src/files/mapping.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const SOURCE: readonly Column[] = [
  { name: "email", type: "text", kind: "text" },
  { name: "first_name", type: "text", kind: "text" },
  { name: "last_name", type: "text", kind: "text" },
  { name: "ltv", type: "numeric(10,2)", kind: "decimal" },
  { name: "seen_at", type: "timestamptz", kind: "timestamp_tz" },
  { name: "user_id", type: "int8", kind: "integer" },
];

function stream(columns: Readonly<Record<string, OutputValue>> | null, more: Partial<MappedStream> = {}): MappedStream {
  return {
    name: "users",
    file: "models/users.yaml",
    primaryKey: ["user_id"],
    ignoreChangesIn: [],
    columns: columns === null ? null : Object.entries(columns).map(([name, value]) => ({ name, value })),
    ...more,
  };
}

const from = (column: string): OutputValue => ({ from: "column", column });
const names = (columns: readonly { readonly name: string }[]): readonly string[] => columns.map((column) => column.name);

describe("the projection", () => {
  test("has the key first, then what is compared in the mapping's order, then what only ignored outputs read", () => {
    const mapping = resolveMapping(
      stream({ SeenAt: from("seen_at"), Spend: from("ltv"), Id: from("user_id"), Mail: from("email") }, { ignoreChangesIn: ["SeenAt"] }),
      SOURCE,
    );
    expect(names(mapping.columns)).toEqual(["user_id", "ltv", "email", "seen_at"]);
    expect([mapping.keyCount, mapping.ignoredCount]).toEqual([1, 1]);
  });

  test("compares a column that an ignored and a compared output both read", () => {
    const mapping = resolveMapping(stream({ Mail: from("email"), Copy: from("email") }, { ignoreChangesIn: ["Copy"] }), SOURCE);
    expect(names(mapping.columns)).toEqual(["user_id", "email"]);
    expect(mapping.ignoredCount).toBe(0);
    expect(mapping.outputs.map((output) => output.ignored)).toEqual([false, true]);
  });

  test("never ignores a key column, even when only an ignored output shows it", () => {
    const mapping = resolveMapping(stream({ Id: from("user_id"), Mail: from("email") }, { ignoreChangesIn: ["Id"] }), SOURCE);
    expect([names(mapping.columns), mapping.keyCount, mapping.ignoredCount]).toEqual([["user_id", "email"], 1, 0]);
  });

  test("keeps the order of a key of several columns", () => {
    const mapping = resolveMapping(stream({ Spend: from("ltv") }, { primaryKey: ["user_id", "email"] }), SOURCE);
    expect([names(mapping.columns), mapping.keyCount]).toEqual([["user_id", "email", "ltv"], 2]);
  });

  test("does not depend on the order in which the query lists its columns", () => {
    const written = stream({ Mail: from("email"), Spend: from("ltv") });
    expect(resolveMapping(written, SOURCE.toReversed()).columns).toEqual(resolveMapping(written, SOURCE).columns);
  });

  test("leaves out what no output reads", () => {
    expect(names(resolveMapping(stream({ Fix: { from: "value", text: "x" } }), SOURCE).columns)).toEqual(["user_id"]);
  });
});

describe("the file's columns", () => {
  test("are all of the query's when none are named, in its order", () => {
    const mapping = resolveMapping(stream(null), SOURCE);
    expect(names(mapping.header)).toEqual(names(SOURCE));
    expect(mapping.outputs.map((output) => output.kind)).toEqual(SOURCE.map((column) => column.kind));
    expect(names(mapping.columns)).toEqual(["user_id", "email", "first_name", "last_name", "ltv", "seen_at"]);
  });

  test("mix stored outputs and facts of the run in the mapping's order", () => {
    const mapping = resolveMapping(
      stream({ Action: { from: "metadata", field: "_change" }, Id: from("user_id"), Gen: { from: "metadata", field: "_generation" } }),
      SOURCE,
    );
    expect(mapping.header).toEqual([
      { name: "Action", metadata: "_change" },
      { name: "Id", output: 0 },
      { name: "Gen", metadata: "_generation" },
    ]);
    expect(mapping.outputs).toHaveLength(1);
  });
});

describe("the text of a mapping", () => {
  const text = (columns: Readonly<Record<string, OutputValue>>): string => resolveMapping(stream(columns), SOURCE).text;

  test("is another when an output reads, is called or stands differently", () => {
    const base = { A: from("email"), B: from("ltv") };
    const others = [
      { B: from("ltv"), A: from("email") },
      { A: from("first_name"), B: from("ltv") },
      { Z: from("email"), B: from("ltv") },
      { A: from("email"), B: { from: "value", text: "ltv" } },
      { A: from("email"), B: { from: "template", parts: [{ text: "ltv" }] } },
      { A: from("email"), B: { from: "template", parts: [{ column: "ltv" }] } },
    ] as const;
    expect(new Set([base, ...others].map(text)).size).toBe(7);
  });

  test("is the same when only facts of the run are added, moved or renamed", () => {
    const plain = text({ A: from("email") });
    expect(text({ X: { from: "metadata", field: "_run_id" }, A: from("email") })).toBe(plain);
    expect(text({ A: from("email"), Y: { from: "metadata", field: "_change" } })).toBe(plain);
  });
});

describe("a column that does not exist", () => {
  function refusal(written: MappedStream): SyncError {
    try {
      resolveMapping(written, SOURCE);
    } catch (error) {
      if (error instanceof SyncError) return error;
      throw error;
    }
    throw new Error("nothing was refused");
  }

  test("is told with the model's file and the nearest name, all of them at once", () => {
    const error = refusal(
      stream(
        { Mail: from("emial"), Name: { from: "template", parts: [{ column: "first_nam" }, { text: " " }] } },
        { primaryKey: ["userid"], ignoreChangesIn: ["mail"] },
      ),
    );
    expect(error.code).toBe("MODEL_COLUMN_UNKNOWN");
    expect(error.message).toBe(
      'models/users.yaml: primary_key names "userid", which the query does not return (did you mean "user_id"?); ' +
        'column "Mail" reads "emial", which the query does not return (did you mean "email"?); ' +
        'column "Name" reads "first_nam", which the query does not return (did you mean "first_name"?); ' +
        'ignore_changes_in names "mail", which is no column of the file (did you mean "Mail"?).',
    );
    expect(error.hint).toContain("sync preview -m users");
  });

  test("is not guessed at when no name is near", () => {
    expect(refusal(stream({ A: from("zzzzzz") })).message).not.toContain("did you mean");
  });

  test("is refused in another case, since warehouses tell them apart", () => {
    expect(refusal(stream({ A: from("EMAIL") })).message).toContain('did you mean "email"?');
  });
});

describe("the SQL of an output", () => {
  const signal = AbortSignal.timeout(60_000);
  let folder: TempFolder;
  let engine: Engine;
  beforeAll(async () => {
    folder = await tempFolder();
    engine = await openEngine({ memoryLimit: "200MB", threads: 1, tempDirectory: folder.at("spill"), maxTempSize: "1GB" }, signal);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test.each<[string, OutputValue, string | null]>([
    ["a column is its text", from("first_name"), "Ann"],
    ["a column that is NULL stays NULL", from("last_name"), null],
    ["a value is itself, apostrophes included", { from: "value", text: "it's; DROP--" }, "it's; DROP--"],
    ["an empty value is the empty string", { from: "value", text: "" }, ""],
    ["a template joins", { from: "template", parts: [{ column: "first_name" }, { text: " o'" }, { column: "ltv" }] }, "Ann o'1.50"],
    [
      "NULL in a template is the empty text",
      { from: "template", parts: [{ column: "first_name" }, { text: "/" }, { column: "last_name" }] },
      "Ann/",
    ],
    ["a template of NULL alone is the empty string", { from: "template", parts: [{ column: "last_name" }] }, ""],
    ["a template of nothing is the empty string", { from: "template", parts: [] }, ""],
  ])("%s", async (_, value, expected) => {
    const [output] = resolveMapping(stream({ Out: value }), SOURCE).outputs;
    const sql = output?.expression((name) => `"${name}"`) ?? "";
    const row = "(VALUES ('Ann', CAST(NULL AS VARCHAR), '1.50')) AS t(first_name, last_name, ltv)";
    expect(await engine.rows(`SELECT ${sql} FROM ${row}`, signal)).toEqual([[expected]]);
  });
});
