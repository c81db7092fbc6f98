import type { Dialect } from "../../core/ports.ts";

/** Snowflake's quoting: a backslash in a text literal begins an escape there, so it is doubled too. */
export const snowflakeDialect: Dialect = {
  quoteIdentifier: (name) => `"${name.replaceAll('"', '""')}"`,
  quoteText: (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`,
  instant: (kind, at) => {
    const text = at.replace("T", " ").replace("Z", "");
    if (kind === "date") return `'${text.slice(0, 10)}'::DATE`;
    return kind === "timestamp" ? `'${text}'::TIMESTAMP_NTZ` : `'${text} +00:00'::TIMESTAMP_TZ`;
  },
  lexis: {
    comments: [/^--[^\n]*/u, /^\/\/[^\n]*/u],
    quoted: [/^'(?:\\[^]|''|[^'\\])*'/u, /^"(?:[^"]|"")*"/u, /^\$\$[^]*?\$\$/u],
    nestedComments: false,
  },
};
