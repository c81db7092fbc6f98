import { expect, test } from "vitest";
import { bigqueryDialect } from "../../src/sources/bigquery/bigquery-dialect.ts";
import { duckdbDialect } from "../../src/sources/duckdb/duckdb-dialect.ts";
import { postgresDialect } from "../../src/sources/postgres/postgres-dialect.ts";
import { windowQuery } from "../../src/sync/event-window.ts";

const window = { from: "2026-01-01T09:30:00.000Z", to: "2026-01-02T00:00:00.000Z" };

test("each warehouse compares the cursor with literals of its own type; days are read whole", () => {
  const dialects = { postgres: postgresDialect, duckdb: duckdbDialect, bigquery: bigqueryDialect };
  const written = Object.entries(dialects).flatMap(([name, dialect]) =>
    (["date", "timestamp", "timestamp_tz"] as const).map((kind) =>
      `${name}: ${windowQuery("q", "at", kind, window, dialect)}`.replaceAll("\n", " "),
    ),
  );
  expect(`\n${written.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    postgres: SELECT * FROM ( q ) AS events WHERE events."at" >= date '2026-01-01' AND events."at" < date '2026-01-02'
    postgres: SELECT * FROM ( q ) AS events WHERE events."at" >= timestamp '2026-01-01T09:30:00.000' AND events."at" < timestamp '2026-01-02T00:00:00.000'
    postgres: SELECT * FROM ( q ) AS events WHERE events."at" >= timestamptz '2026-01-01T09:30:00.000Z' AND events."at" < timestamptz '2026-01-02T00:00:00.000Z'
    duckdb: SELECT * FROM ( q ) AS events WHERE events."at" >= DATE '2026-01-01' AND events."at" < DATE '2026-01-02'
    duckdb: SELECT * FROM ( q ) AS events WHERE events."at" >= TIMESTAMP '2026-01-01T09:30:00.000' AND events."at" < TIMESTAMP '2026-01-02T00:00:00.000'
    duckdb: SELECT * FROM ( q ) AS events WHERE events."at" >= TIMESTAMPTZ '2026-01-01T09:30:00.000Z' AND events."at" < TIMESTAMPTZ '2026-01-02T00:00:00.000Z'
    bigquery: SELECT * FROM ( q ) AS events WHERE events.\`at\` >= DATE '2026-01-01' AND events.\`at\` < DATE '2026-01-02'
    bigquery: SELECT * FROM ( q ) AS events WHERE events.\`at\` >= DATETIME '2026-01-01T09:30:00.000' AND events.\`at\` < DATETIME '2026-01-02T00:00:00.000'
    bigquery: SELECT * FROM ( q ) AS events WHERE events.\`at\` >= TIMESTAMP '2026-01-01T09:30:00.000Z' AND events.\`at\` < TIMESTAMP '2026-01-02T00:00:00.000Z'
    "
  `);
});

test("a day that the stretch ends in is read whole, and without a beginning there is no lower limit", () => {
  const open = { from: null, to: "2026-01-02T00:00:00.001Z" };
  expect(windowQuery("q", "at", "date", open, duckdbDialect)).toContain(`WHERE events."at" < DATE '2026-01-03'`);
});
