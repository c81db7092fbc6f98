import type { Dialect } from "../../core/ports.ts";
import { sqlName, sqlText } from "../../engine/sql-literal.ts";

/** DuckDB's quoting and its literals. */
export const duckdbDialect: Dialect = {
  quoteIdentifier: sqlName,
  quoteText: sqlText,
  instant: (kind, at) => {
    switch (kind) {
      case "date":
        return `DATE '${at.slice(0, 10)}'`;
      case "timestamp":
        return `TIMESTAMP '${at.replace("Z", "")}'`;
      case "timestamp_tz":
        return `TIMESTAMPTZ '${at}'`;
    }
  },
};
