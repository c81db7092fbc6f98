import type { Dialect } from "../../core/ports.ts";

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** GoogleSQL's quoting: backslash escapes in names and texts alike. */
export const bigqueryDialect: Dialect = {
  quoteIdentifier: (name) => `\`${name.replace(/[\\`]/gu, "\\$&")}\``,
  quoteText: (text) => `'${text.replace(/[\\']/gu, "\\$&").replace(/[\n\r\t]/gu, (one) => ESCAPES[one] ?? one)}'`,
  instant: (kind, at) => {
    switch (kind) {
      case "date":
        return `DATE '${at.slice(0, 10)}'`;
      case "timestamp":
        return `DATETIME '${at.replace("Z", "")}'`;
      case "timestamp_tz":
        return `TIMESTAMP '${at}'`;
    }
  },
  lexis: {
    comments: [/^--[^\n]*/u, /^#[^\n]*/u],
    quoted: [
      /^'''(?:\\[^]|[^\\])*?'''/u,
      /^"""(?:\\[^]|[^\\])*?"""/u,
      /^'(?:\\[^]|[^'\\])*'/u,
      /^"(?:\\[^]|[^"\\])*"/u,
      /^`(?:\\[^]|[^`\\])*`/u,
    ],
    nestedComments: false,
  },
};
