import { randomUUID } from "node:crypto";
import { type DuckDBConnection, DuckDBInstance, StatementType } from "@duckdb/node-api";
import { MACROS, resultTable, type RowType, rowType, toDuckdb } from "./snowflake-dialect-shim.ts";

/** The rows of a finished statement as they stand in a response: texts. */
export type WireRow = readonly (string | null)[];

/** A finished statement. */
export interface Result {
  readonly queryId: string;
  readonly rowtype: readonly RowType[];
  readonly rows: readonly WireRow[];
}

/** An error as the service tells it. */
export class ServiceError extends Error {
  readonly number: string;
  readonly sqlState: string;
  readonly line: number;
  readonly position: number;

  constructor(number: string, sqlState: string, message: string, line = -1, position = -1) {
    super(message);
    this.number = number;
    this.sqlState = sqlState;
    this.line = line;
    this.position = position;
  }
}

/** DuckDB behind the protocol. */
export class SnowflakeDatabase implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<SnowflakeDatabase> {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    await connection.run(MACROS);
    return new SnowflakeDatabase(instance, connection);
  }

  /** Runs SQL of a test's own, in DuckDB's words. */
  async duckdb(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Columns of a statement that is compiled and not run. */
  async describe(sql: string): Promise<Result> {
    return await translated(async () => {
      const parsed = await this.#connection.extractStatements(toDuckdb(sql));
      if (parsed.count !== 1) throw tooMany(parsed.count);
      const statement = await parsed.prepare(0);
      const query = statement.statementType === StatementType.SELECT;
      const rowtype = Array.from({ length: statement.columnCount }, (_, at) =>
        query
          ? rowType(statement.columnName(at), statement.columnType(at).alias ?? statement.columnType(at).toString())
          : rowType("number of rows inserted", "BIGINT"),
      );
      statement.destroySync();
      return { queryId: randomUUID(), rowtype, rows: [] };
    });
  }

  /** Runs a SELECT and keeps its rows for RESULT_SCAN. */
  async select(sql: string): Promise<Result> {
    const { rowtype, queryId } = await this.describe(sql);
    return await translated(async () => {
      const table = resultTable(queryId);
      await this.#connection.run(`CREATE TABLE ${table} AS ${toDuckdb(sql)}`);
      const texts = rowtype.map(({ name }) => `CAST("${name.replaceAll('"', '""')}" AS VARCHAR)`);
      const result = await this.#connection.runAndReadAll(`SELECT ${texts.join(", ")} FROM ${table}`);
      return { queryId, rowtype, rows: result.getRows() as readonly WireRow[] };
    });
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function tooMany(count: number): ServiceError {
  return new ServiceError("000008", "0A000", `Actual statement count ${count} did not match the desired statement count 1.`);
}

/** DuckDB's errors in the service's words, with its numbers. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const [, line, caret] = /\nLINE (\d+): [^\n]*\n( *)\^/u.exec(message) ?? [];
    const lineNumber = line === undefined ? -1 : Number(line);
    const position = caret === undefined ? -1 : caret.length - `LINE ${line ?? ""}: `.length;
    const missing = /Table with name (\S+) does not exist/u.exec(message)?.[1];
    if (missing !== undefined) {
      throw new ServiceError("002003", "42S02", `SQL compilation error:\nObject '${missing}' does not exist or not authorized.`);
    }
    const at = `error line ${lineNumber} at position ${position}`;
    const column = /Referenced column "([^"]+)" not found/u.exec(message)?.[1];
    if (column !== undefined) {
      throw new ServiceError("000904", "42000", `SQL compilation error: ${at}\ninvalid identifier '${column}'`, lineNumber, position);
    }
    const word = /syntax error at or near "([^"]+)"/u.exec(message)?.[1];
    if (word !== undefined || message.includes("Parser Error")) {
      const words = `SQL compilation error:\nsyntax error line ${lineNumber} at position ${position} unexpected '${word ?? "<EOF>"}'.`;
      throw new ServiceError("001003", "42000", words, lineNumber, position);
    }
    if (message.includes("Conversion Error")) throw new ServiceError("100038", "22018", message);
    throw new ServiceError("002140", "42601", `SQL compilation error:\n${message}`);
  }
}
