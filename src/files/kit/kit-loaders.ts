import type { KitFacts } from "./kit-facts.ts";

/** The programs that a kit can hold. */
export const LOADERS = ["node", "pandas", "duckdb", "postgres"] as const;
export type Loader = (typeof LOADERS)[number];

/** The file of each. */
export const LOADER_FILES: Readonly<Record<Loader, string>> = {
  node: "load.mjs",
  pandas: "load.py",
  duckdb: "load.duckdb.sql",
  postgres: "load.postgres.sql",
};

/** Why a loader cannot read a stream's files exactly, or null when it can. */
export function loaderObjection(loader: Loader, facts: KitFacts): string | null {
  const { format, unmarked } = facts;
  if (format.recipients.length > 0) return "the files are encrypted: decrypt them first, and compare their hashes before";
  if (unmarked.length > 0)
    return `files of ${unmarked.join(", ")} hold removed and other rows, and no column tells them apart (\`_change\` or \`_member\` would)`;
  switch (loader) {
    case "node":
    case "pandas":
      return textObjection(facts);
    case "duckdb":
      return duckdbObjection(facts);
    case "postgres":
      return textObjection(facts) ?? postgresObjection(facts);
  }
}

function textObjection({ format }: KitFacts): string | null {
  if (format.format === "parquet") return "it reads texts, and Parquet files hold types: use DuckDB";
  return format.compression === "zstd" ? "it cannot unpack zstd: use DuckDB, or gzip" : null;
}

function duckdbObjection({ format, columns }: KitFacts): string | null {
  if (format.format === "ndjson") return "DuckDB rewrites the numbers of JSON (1.10 becomes 1.1)";
  const names = columns.map(({ name }) => name.toLowerCase());
  if (new Set(names).size < names.length) return "DuckDB takes names that differ only in case for the same column";
  const [first] = columns;
  const isPlainName = first === undefined || /^[A-Za-z0-9_]+$/u.test(first.name);
  return format.bom && format.header && !isPlainName && format.format !== "parquet"
    ? "DuckDB misreads a header that begins with a byte order mark and a quoted name"
    : null;
}

const NAME_BYTES = 63;

function postgresObjection({ format, columns, table }: KitFacts): string | null {
  const long = [...columns.map(({ name }) => name), `${table}_generations`].find((name) => Buffer.byteLength(name) > NAME_BYTES);
  if (long !== undefined) return `Postgres cuts names at ${NAME_BYTES} bytes, and ${long} is longer`;
  if (format.format === "ndjson" || format.quote === "none") return null;
  return Buffer.byteLength(format.delimiter) > 1 ? "COPY takes delimiters of a single byte" : null;
}
