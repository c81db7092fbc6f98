import type { SqlSession } from "../core/ports.ts";
import { sqlText } from "./sql-literal.ts";

/** Runs work with some of DuckDB's optimizers switched off, and with all of them on again afterwards. */
export async function withoutOptimizers<T>(session: SqlSession, names: readonly string[], work: () => Promise<T>): Promise<T> {
  if (names.length === 0) return await work();
  // Not interruptible: a session must not be left half set.
  const always = new AbortController().signal;
  await session.run(`SET disabled_optimizers = ${sqlText(names.join(","))}`, always);
  try {
    return await work();
  } finally {
    await session.run("RESET disabled_optimizers", always);
  }
}
