import { openEngine, type Engine } from "../../../src/engine/open-engine.ts";
import { fieldOf, MACROS, toDuckdb, wireError, type WireError } from "./google-sql.ts";

const quiet = new AbortController().signal;

/** A job and where its rows lie. */
export interface StoredJob {
  readonly id: string;
  readonly sql: string;
  readonly configuration: Record<string, unknown>;
  readonly table: string;
  readonly total: number;
  readonly fields: readonly Record<string, unknown>[];
  failure: WireError | null;
  cancelled: boolean;
}

/** What a dry run answers. */
export interface DryRun {
  readonly statementType: string;
  readonly fields: readonly Record<string, unknown>[];
}

/** Tables, jobs and their results, in DuckDB. */
export class JobStore implements AsyncDisposable {
  readonly #engine: Engine;
  readonly jobs = new Map<string, StoredJob>();

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  static async open(folder: string): Promise<JobStore> {
    const engine = await openEngine({ memoryLimit: "512MB", threads: 1, tempDirectory: folder, maxTempSize: "2GB" }, quiet);
    await engine.run(MACROS, quiet);
    return new JobStore(engine);
  }

  /** Runs DuckDB SQL, to fill tables. */
  async sql(sql: string): Promise<void> {
    await this.#engine.run(sql, quiet);
  }

  async dryRun(sql: string): Promise<DryRun | WireError> {
    try {
      const { statements, isQuery } = await this.#engine.describe(toDuckdb(sql), quiet);
      if (statements !== 1) return { statementType: "SCRIPT", fields: [] };
      if (!isQuery) return { statementType: /^\w+/u.exec(sql)?.[0].toUpperCase() ?? "", fields: [] };
      return { statementType: "SELECT", fields: await this.#fields(toDuckdb(sql)) };
    } catch (error) {
      return refusal(error, sql);
    }
  }

  async start(id: string, sql: string, configuration: Record<string, unknown>): Promise<StoredJob> {
    const base = { id, sql, configuration, table: `result_${this.jobs.size}`, cancelled: false };
    const job = await this.#compute(base, sql).catch((error: unknown): StoredJob => ({
      ...base,
      total: 0,
      fields: [],
      failure: refusal(error, sql),
    }));
    this.jobs.set(id, job);
    return job;
  }

  /** Rows of a result from `start` on, as the API writes them. */
  async page(job: StoredJob, start: number, count: number): Promise<readonly object[]> {
    const names = job.fields.map((_, at) => `c${at}`);
    const sql = `SELECT ${names.join(", ")} FROM ${job.table} WHERE place > ${start} AND place <= ${start + count} ORDER BY place`;
    const rows = await this.#engine.rows(sql, quiet);
    return rows.map((row) => ({ f: row.map((v) => ({ v })) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }

  /** By DESCRIBE, which alone tells JSON from other text. */
  async #fields(sql: string): Promise<readonly Record<string, unknown>[]> {
    const rows = await this.#engine.rows(`SELECT column_name, column_type FROM (DESCRIBE ${sql})`, quiet);
    return rows.map(([name, type]) => fieldOf(name ?? "", type ?? ""));
  }

  async #compute(base: Omit<StoredJob, "total" | "fields" | "failure">, sql: string): Promise<StoredJob> {
    const duckdb = toDuckdb(sql);
    const fields = await this.#fields(duckdb);
    const names = fields.map((_, at) => `c${at}`);
    await this.#engine.run(
      `CREATE TABLE ${base.table} AS SELECT row_number() OVER () AS place, * FROM (\n${duckdb}\n) AS answer (${names.join(", ")})`,
      quiet,
    );
    const [row] = await this.#engine.rows(`SELECT count(*) FROM ${base.table}`, quiet);
    return { ...base, total: Number(row?.[0]), fields, failure: null };
  }
}

function refusal(error: unknown, sql: string): WireError {
  return wireError(error instanceof Error ? error.message : "", sql);
}
