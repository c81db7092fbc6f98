import fc from "fast-check";
import { expect, test } from "vitest";
import type { ModelDraft } from "../../../src/cli/scaffold/model-draft.ts";
import { modelText } from "../../../src/cli/scaffold/model-text.ts";
import { load } from "../../config/temp-project.ts";

const DRAFT: ModelDraft = {
  name: "users",
  description: "",
  source: "warehouse",
  destination: "partner",
  rows: { kind: "table", table: "users" },
  key: ["id"],
  keyReason: "the table's primary key",
  columns: [{ name: "id", type: "integer", comment: "" }],
  origin: "the table users of warehouse",
};

async function loaded(text: string) {
  const { project } = await load({ "models/users.yaml": text });
  const [stream] = project.streams;
  if (stream === undefined) throw new Error("there is no stream");
  return stream;
}

const anyName = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(..."ab1_ ${}#:'\"\\*&!?|>-[],.%@`~\u00e4\u4e2d\ud83d\ude00"),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 12,
  })
  .filter((name) => !/\p{Cc}/u.test(name) && !name.startsWith("_") && name !== "*" && !/\p{Surrogate}/u.test(name) && name.trim() !== "");

test("whatever columns are called and comments say, the model means exactly them", async () => {
  const names = fc.uniqueArray(anyName, { minLength: 1, maxLength: 6, selector: (name) => name.toLowerCase() });
  await fc.assert(
    fc.asyncProperty(names, fc.string({ unit: "binary", maxLength: 30 }), async (columns, comment) => {
      const draft = {
        ...DRAFT,
        description: comment,
        key: columns.slice(0, 1),
        keyReason: comment,
        columns: columns.map((name) => ({ name, type: comment, comment })),
      };
      const stream = await loaded(modelText(draft, "../schema/model.schema.json"));
      expect(stream.primaryKey).toEqual(draft.key);
      expect(stream.columns).toEqual(columns.map((name) => ({ name, value: { from: "column", column: name } })));
    }),
    { numRuns: 15 },
  );
});

test("the lines that it suggests can be taken as they stand", async () => {
  const columns = [
    ...(DRAFT.columns ?? []),
    { name: "updated_at", type: "timestamp", comment: "" },
    { name: "_change", type: "text", comment: "" },
  ];
  const text = modelText({ ...DRAFT, columns }, null);
  const taken = text.replaceAll(/^# (?=ignore_changes_in|where|schedule|guards|file)/gm, "");
  expect(taken.match(/^(?:ignore_changes_in|where|schedule|guards|file): /gm)).toHaveLength(5);
  const stream = await loaded(taken);
  expect(stream).toMatchObject({
    ignoreChangesIn: ["updated_at"],
    schedule: { timezone: "Europe/Berlin" },
    guards: { maxRemoved: expect.anything() },
  });
  expect(stream.columns?.map(({ name }) => name)).toEqual(["id", "updated_at"]);
  expect(text).toContain("# _change is left out");
});

test("a query keeps what stands in it, dollars too", async () => {
  const stream = await loaded(modelText({ ...DRAFT, rows: { kind: "query", sql: 'SELECT * FROM "a$b"."c$$1"' }, columns: null }, null));
  expect(stream.query).toMatchObject({ kind: "sql", sql: expect.stringContaining('SELECT * FROM "a$b"."c$$1"') });
  expect(stream.columns).toBeNull();
});
