import { describe, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Column, ColumnStep, OutputColumn } from "../../src/core/types.ts";
import type { MappedStream } from "../../src/files/mapping-values.ts";
import { resolveMapping } from "../../src/files/mapping.ts";

const SOURCE: readonly Column[] = [
  { name: "email", type: "text", kind: "text" },
  { name: "first_name", type: "text", kind: "text" },
  { name: "internal", type: "text", kind: "text" },
  { name: "ltv", type: "numeric", kind: "decimal" },
  { name: "seen_at", type: "timestamptz", kind: "timestamp_tz" },
  { name: "traits", type: "jsonb", kind: "json" },
  { name: "user_id", type: "int8", kind: "integer" },
];

function stream(columns: readonly OutputColumn[]): MappedStream {
  return { name: "users", file: "models/users.yaml", primaryKey: ["user_id"], ignoreChangesIn: [], columns };
}

const from = (name: string, column: string, ...steps: readonly ColumnStep[]): OutputColumn => ({
  name,
  value: { from: "column", column },
  ...(steps.length === 0 ? {} : { steps }),
});
const rest = (...dropped: readonly string[]): OutputColumn => ({ name: "*", value: { from: "rest", dropped } });
const names = (columns: readonly OutputColumn[]): readonly string[] =>
  resolveMapping(stream(columns), SOURCE).header.map((column) => column.name);
const text = (columns: readonly OutputColumn[]): string => resolveMapping(stream(columns), SOURCE).text;

function refusal(columns: readonly OutputColumn[]): SyncError {
  try {
    resolveMapping(stream(columns), SOURCE);
  } catch (error) {
    if (error instanceof SyncError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the rest of the columns", () => {
  test("stands in its place, in the query's order, without what is dropped, read or redefined elsewhere", () => {
    const hash = from("Hash", "email", { step: "apply", name: "sha256" });
    const hello: OutputColumn = { name: "Hello", value: { from: "template", parts: [{ text: "hi " }, { column: "first_name" }] } };
    const spent: OutputColumn = { name: "ltv", value: { from: "value", text: "1" } };
    expect(names([hash, rest("internal"), hello, spent])).toEqual(["Hash", "seen_at", "traits", "user_id", "Hello", "ltv"]);
    expect(names([rest()])).toEqual(SOURCE.map((column) => column.name));
  });

  test("alone is the same mapping as none", () => {
    const written = { ...stream([]), columns: null };
    expect(resolveMapping(stream([rest()]), SOURCE).text).toBe(resolveMapping(written, SOURCE).text);
  });

  test("grows with the query, which shows in the mapping's text", () => {
    const more: readonly Column[] = [...SOURCE, { name: "vat_id", type: "text", kind: "text" }];
    const grown = resolveMapping(stream([rest()]), more);
    expect(grown.header.at(-1)).toMatchObject({ name: "vat_id" });
    expect(grown.text).not.toBe(text([rest()]));
  });
});

test("an output with steps is text, and only then", () => {
  const columns = [from("A", "ltv"), from("B", "ltv", { step: "format", format: "0.00" })];
  expect(resolveMapping(stream(columns), SOURCE).outputs.map((output) => output.kind)).toEqual(["decimal", "text"]);
});

test("what was told before points at the stored output, whatever stands between them", () => {
  const columns: readonly OutputColumn[] = [
    { name: "Before", value: { from: "previous", output: "B" } },
    { name: "Run", value: { from: "metadata", field: "_run_id" } },
    from("A", "email"),
    from("B", "ltv"),
  ];
  const mapping = resolveMapping(stream(columns), SOURCE);
  expect(mapping.header[0]).toEqual({ name: "Before", metadata: "_previous", previous: 1 });
  expect(mapping.text).toBe(text([from("A", "email"), from("B", "ltv")]));
});

test("every step, its order and each of its arguments are part of the mapping's text; a secret never is", () => {
  const hmac = (key: string): ColumnStep => ({ step: "apply", name: "hmac_sha256", secret: new Secret(key) });
  const chains: readonly (readonly ColumnStep[])[] = [
    [],
    [{ step: "apply", name: "trim" }],
    [{ step: "apply", name: "lower" }],
    [
      { step: "apply", name: "trim" },
      { step: "apply", name: "lower" },
    ],
    [
      { step: "apply", name: "lower" },
      { step: "apply", name: "trim" },
    ],
    [{ step: "apply", name: "left", count: 1 }],
    [{ step: "apply", name: "left", count: 2 }],
    [{ step: "apply", name: "right", count: 2 }],
    [{ step: "apply", name: "e164", country: "DE" }],
    [{ step: "apply", name: "e164", country: "AT" }],
    [{ step: "apply", name: "email", rules: "plain" }],
    [{ step: "apply", name: "email", rules: "gmail" }],
    [{ step: "apply", name: "null_if", text: "" }],
    [{ step: "apply", name: "coalesce", text: "" }],
    [{ step: "map", entries: [["a", "b"]] }],
    [{ step: "map", entries: [["a", null]] }],
    [{ step: "map", entries: [["a", "b"]], otherwise: "" }],
    [{ step: "path", path: "$.a" }],
    [{ step: "format", format: "0.0" }],
    [hmac("secret-one")],
    [hmac("secret-two")],
  ];
  const texts = chains.map((steps) => text([from("A", "email", ...steps)]));
  expect(new Set(texts).size).toBe(chains.length);
  expect(texts.join("")).not.toContain("secret-");
  expect(text([from("A", "email", hmac("secret-one"))])).toBe(texts.at(-2));
});

describe("what does not fit", () => {
  test("is a path into a number, and the format of another kind, all told at once with the column", () => {
    const error = refusal([
      from("A", "ltv", { step: "path", path: "$.a" }),
      from("B", "ltv", { step: "format", format: "%Y" }),
      from("C", "seen_at", { step: "format", format: "0.00" }),
      from("D", "traits", { step: "format", format: "0.00" }),
      from("E", "traits", { step: "path", path: "$.n" }, { step: "format", format: "0.00" }),
    ]);
    expect(error.code).toBe("MODEL_COLUMN_UNFIT");
    expect(error.message).toBe(
      'models/users.yaml: column "A" takes a path of "ltv", which is a decimal and no JSON; ' +
        'column "B" has the format "%Y", which does not fit "ltv", a decimal; ' +
        'column "C" has the format "0.00", which does not fit "seen_at", a timestamp with zone; ' +
        'column "D" has the format "0.00", which does not fit "traits", JSON.',
    );
    expect(error.hint).toContain("sync preview -m users");
  });

  test("is a name with a comma that the query brings, beside a list of names", () => {
    const source = [...SOURCE, { name: "a,b", type: "text", kind: "text" }] as const;
    const columns: readonly OutputColumn[] = [rest(), { name: "Changed", value: { from: "metadata", field: "_changed_columns" } }];
    expect(() => resolveMapping(stream(columns), source)).toThrow('the name of column "a,b" holds ","');
  });

  test("is a value told before of a column that is not there, next to what was meant", () => {
    const error = refusal([rest(), { name: "Before", value: { from: "previous", output: "emial" } }]);
    expect(error.code).toBe("MODEL_COLUMN_UNKNOWN");
    expect(error.message).toContain('column "Before" reads "_previous.emial", which is no column of the file (did you mean "email"?)');
  });
});
