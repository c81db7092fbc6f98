import type { Dialect } from "../../core/ports.ts";

/** Postgres's quoting; `standard_conforming_strings` is on in every transaction of this source, so a backslash is just one. */
export const postgresDialect: Dialect = {
  quoteIdentifier: (name) => `"${name.replaceAll('"', '""')}"`,
  quoteText: (text) => `'${text.replaceAll("'", "''")}'`,
  instant: (kind, at) => {
    switch (kind) {
      case "date":
        return `date '${at.slice(0, 10)}'`;
      case "timestamp":
        return `timestamp '${at.replace("Z", "")}'`;
      case "timestamp_tz":
        return `timestamptz '${at}'`;
    }
  },
};
