import { expect, test } from "vitest";
import { bigqueryDialect } from "../../../src/sources/bigquery/bigquery-dialect.ts";
import { columnOf, projectionSql } from "../../../src/sources/bigquery/bigquery-types.ts";
import { modelQuery } from "../../../src/sync/model-query.ts";
import { GOLDEN_AUDIENCES, GOLDEN_FIELDS, GOLDEN_PROJECTION } from "../../support/bigquery/golden-sql.ts";

test("the extracting query makes a text of every column inside BigQuery", () => {
  expect(projectionSql(GOLDEN_FIELDS.map(columnOf), "SELECT * FROM `typed`")).toBe(GOLDEN_PROJECTION);
});

test("audiences are one scan of their entity", () => {
  const query = modelQuery(
    {
      kind: "audiences",
      entitySql: "SELECT id, ltv FROM users -- all;",
      entityKey: ["id"],
      members: [
        { name: "vip", condition: "ltv >= 1000" },
        { name: "it's", condition: "ltv < 0 # none" },
      ],
      file: "m.yaml",
      line: 1,
      where: "id > 0;",
    },
    bigqueryDialect,
  );
  expect(query).toBe(GOLDEN_AUDIENCES);
});

test("nested types are named to their leaves, so that a change inside of one shows", () => {
  const fields = [
    { name: "k", type: "INTEGER", mode: "REQUIRED" },
    { name: "w", type: "STRING", mode: "REPEATED" },
  ];
  expect(columnOf({ name: "a", type: "RECORD", mode: "REPEATED", fields })).toEqual({
    name: "a",
    type: "ARRAY<STRUCT<k INT64, w ARRAY<STRING>>>",
    kind: "json",
  });
  expect(columnOf({ name: "r", type: "RANGE", rangeElementType: { type: "DATE" } })).toEqual({
    name: "r",
    type: "RANGE<DATE>",
    kind: "text",
  });
});

test("names and texts are quoted so that they end where they should", () => {
  expect(bigqueryDialect.quoteIdentifier("a`b\\c")).toBe("`a\\`b\\\\c`");
  expect(bigqueryDialect.quoteText("it's\\ a\nline")).toBe("'it\\'s\\\\ a\\nline'");
});
