import { expect, test } from "vitest";
import { trimStatement } from "../../src/core/sql-text.ts";
import { bigqueryDialect } from "../../src/sources/bigquery/bigquery-dialect.ts";

test.each([
  ["SELECT 1;", "SELECT 1"],
  ["SELECT 1; -- done;\n/* /* nested */ ; */", "SELECT 1"],
  ["SELECT $$;--$$ ; ;", "SELECT $$;--$$"],
  ["SELECT ';' -- '", "SELECT ';'"],
  ['\n  SELECT "a;--" FROM t\n', 'SELECT "a;--" FROM t'],
])("PostgreSQL: %j", (sql, trimmed) => {
  expect(trimStatement(sql)).toBe(trimmed);
});

test.each([
  ["SELECT 1; # done;", "SELECT 1"],
  ["SELECT 1 /* one /* */ ;", "SELECT 1"],
  ["SELECT 'it\\'s; -- x' AS id;", "SELECT 'it\\'s; -- x' AS id"],
  ["SELECT '''a'b;--''' ;", "SELECT '''a'b;--'''"],
  ['SELECT """#;""", r"\\"; #" ;', 'SELECT """#;""", r"\\"; #"'],
  ["SELECT `a#b;`;", "SELECT `a#b;`"],
])("GoogleSQL: %j", (sql, trimmed) => {
  expect(trimStatement(sql, bigqueryDialect.lexis)).toBe(trimmed);
});
