import { postgresDialect } from "./postgres-dialect.ts";
import type { PostgresOptions } from "./postgres-options.ts";

/**
 * Settings that change how a value is printed or how the model's SQL is read. They are set anew in each transaction, so that
 * ALTER ROLE, ALTER DATABASE and the server's configuration change no byte.
 */
const PINNED: readonly (readonly [string, string])[] = [
  ["standard_conforming_strings", "on"],
  ["client_encoding", "UTF8"],
  ["datestyle", "ISO, YMD"],
  ["timezone", "UTC"],
  ["intervalstyle", "iso_8601"],
  ["extra_float_digits", "3"],
  ["bytea_output", "hex"],
  ["xmlbinary", "base64"],
  ["xmloption", "content"],
  ["lc_monetary", "C"],
  ["lc_numeric", "C"],
  ["lc_time", "C"],
  ["array_nulls", "on"],
  ["transform_null_equals", "off"],
];

/** Opens a read-only transaction with one snapshot for all its statements: an exported one, where it is named. */
export function beginSql(moment: string | null): string {
  const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  return moment === null ? begin : `${begin};\nSET TRANSACTION SNAPSHOT ${postgresDialect.quoteText(moment)}`;
}

/** Pins, within a transaction, what could change its bytes. */
export function pinSql(options: PostgresOptions): string {
  const { quoteIdentifier, quoteText } = postgresDialect;
  const settings = [...PINNED];
  if (options.statement_timeout !== undefined) settings.push(["statement_timeout", String(options.statement_timeout)]);
  if (options.lock_timeout !== undefined) settings.push(["lock_timeout", String(options.lock_timeout)]);
  const statements = settings.map(([name, value]) => `SET LOCAL ${name} = ${quoteText(value)}`);
  if (options.search_path !== undefined) {
    statements.push(`SET LOCAL search_path = ${options.search_path.map(quoteIdentifier).join(", ")}`);
  }
  if (options.role !== undefined) statements.push(`SET LOCAL ROLE ${quoteIdentifier(options.role)}`);
  return statements.join(";\n");
}
