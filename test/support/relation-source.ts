import type { Source } from "../../src/core/ports.ts";
import type { Column } from "../../src/core/types.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import type { Text } from "./row-text-source.ts";

/** A source that lives in the engine: the rows as a VALUES list of canonical texts. */
export function relationSource(columns: readonly Column[], rows: readonly (readonly Text[])[]): Source {
  return {
    dialect: { quoteIdentifier: (name) => `"${name}"`, quoteText: sqlText, instant: (_, at) => sqlText(at) },
    describe: async () => await Promise.resolve(columns),
    canonical: (_, text) => text,
    reading: {
      shape: "relation",
      relation: (projection) => {
        const names = columns.map(({ name }) => `"${name}"`);
        const values = rows.map((row) => `(${row.map((value) => (value === null ? "NULL::VARCHAR" : sqlText(value))).join(", ")})`);
        const nothing = `(${columns.map(() => "NULL::VARCHAR").join(", ")})`;
        const picked = projection.columns.map(({ name }, at) => `"${name}" AS c${String(at)}`);
        const where = rows.length === 0 ? " WHERE false" : "";
        return `SELECT ${picked.join(", ")} FROM (VALUES ${rows.length === 0 ? nothing : values.join(", ")}) AS model(${names.join(", ")})${where}`;
      },
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}
