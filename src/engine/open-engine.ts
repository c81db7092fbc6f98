import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, type DuckDBType, StatementType } from "@duckdb/node-api";
import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import type { EngineLimits } from "../core/types.ts";
import { engineError } from "./engine-error.ts";
import { sqlText } from "./sql-literal.ts";

/** A DuckDB of one run's own, with a spill folder that goes when it is disposed. */
export interface Engine extends SqlSession, AsyncDisposable {
  /** What a text holds, without running it; columns are those of its first statement. */
  describe(sql: string, signal: AbortSignal): Promise<StatementDescription>;
}

/** A parsed and bound statement. */
export interface StatementDescription {
  readonly statements: number;
  readonly isQuery: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** The catalog of the engine's own tables; a source may make another one the default, so ours are always named in full. */
export const ENGINE_SCHEMA = "memory.main";

/** Opens an embedded engine inside its limits. Nothing is downloaded: extensions that are not built in must be installed already. */
export async function openEngine(limits: EngineLimits, signal: AbortSignal): Promise<Engine> {
  signal.throwIfAborted();
  const spill = join(limits.tempDirectory, `engine-${randomBytes(6).toString("hex")}`);
  await mkdir(spill, { recursive: true });
  try {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: limits.memoryLimit,
      threads: String(limits.threads),
      temp_directory: spill,
      autoinstall_known_extensions: "false",
      preserve_insertion_order: "true",
    });
    const connection = await instance.connect();
    // Given when the instance is made, the limit is shown by current_setting() and never enforced (DuckDB 1.5.6).
    await connection.run(`SET max_temp_directory_size = ${sqlText(limits.maxTempSize)}; SET TimeZone = 'UTC'`);
    return new DuckdbEngine(instance, connection, spill);
  } catch (error) {
    await rm(spill, { recursive: true, force: true });
    throw engineError(error, "open the embedded engine", limits);
  }
}

const INTERRUPT_AGAIN_MS = 20;

class DuckdbEngine implements Engine {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #spill: string;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection, spill: string) {
    this.#instance = instance;
    this.#connection = connection;
    this.#spill = spill;
  }

  async run(sql: string, signal: AbortSignal): Promise<void> {
    await this.#interruptible(sql, signal, async () => {
      await this.#connection.run(sql);
    });
  }

  async rows(sql: string, signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]> {
    return await this.#interruptible(sql, signal, async () => {
      const result = await this.#connection.run(sql);
      return (await result.getRows()).map((row) => row.map(asText));
    });
  }

  async describe(sql: string, signal: AbortSignal): Promise<StatementDescription> {
    return await this.#interruptible(sql, signal, async () => {
      const parsed = await this.#connection.extractStatements(sql);
      if (parsed.count !== 1) return { statements: parsed.count, isQuery: false, columns: [] };
      const statement = await parsed.prepare(0);
      const columns = Array.from({ length: statement.columnCount }, (_, at) => ({
        name: statement.columnName(at),
        type: typeName(statement.columnType(at)),
      }));
      const isQuery = statement.statementType === StatementType.SELECT;
      statement.destroySync();
      return { statements: 1, isQuery, columns };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#spill, { recursive: true, force: true });
  }

  async #interruptible<T>(sql: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    // Again and again, because an interruption that comes before a statement has begun, or between two, interrupts nothing.
    let again: NodeJS.Timeout | null = null;
    const interrupt = (): void => {
      this.#connection.interrupt();
      again = setInterval(() => this.#connection.interrupt(), INTERRUPT_AGAIN_MS);
    };
    signal.addEventListener("abort", interrupt, { once: true });
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw engineError(error, "run a query", null, sql);
    } finally {
      signal.removeEventListener("abort", interrupt);
      if (again !== null) clearInterval(again);
    }
  }
}

/** JSON is text by another name, which its type does not print. */
function typeName(type: DuckDBType): string {
  return type.alias === "JSON" ? type.alias : type.toString();
}

/** Results are asked for as text, counts or flags; anything else would have to pass through a JavaScript number or date. */
function asText(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  throw new SyncError("INTERNAL", "An engine query returned a value that is neither text nor a count.");
}
