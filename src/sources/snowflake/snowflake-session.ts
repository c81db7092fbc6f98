import type { Connection, RowStatement, SnowflakeError } from "snowflake-sdk";
import { SyncError } from "../../core/errors.ts";
import { type ConnectionSettings, whereOf } from "./connection-settings.ts";
import { loadDriver, newConnection } from "./load-driver.ts";
import { alterSessionSql } from "./pinned-settings.ts";
import { snowflakeError } from "./snowflake-error.ts";
import type { SubmittedSql } from "./submitted-sql.ts";
import { withDeadline } from "./with-deadline.ts";

/** A statement to run. */
export interface Request {
  /** Completes "Snowflake cannot …". */
  readonly what: string;
  readonly sql: SubmittedSql;
  /** Compile only. */
  readonly describeOnly?: boolean;
}

/** Beyond the server's own limit on a statement, after which nothing is waited for any more. */
const GRACE_MS = 60_000;
const CLOSE_WITHIN_MS = 5000;

/** One login of one source, under pinned session parameters; nothing of it waits for ever. */
export class SnowflakeSession implements AsyncDisposable {
  readonly settings: ConnectionSettings;
  readonly #connection: Connection;
  readonly #disposal = new AbortController();

  private constructor(settings: ConnectionSettings, connection: Connection) {
    this.settings = settings;
    this.#connection = connection;
  }

  /** Logs in and pins the session's parameters. */
  static async open(settings: ConnectionSettings, signal: AbortSignal): Promise<SnowflakeSession> {
    signal.throwIfAborted();
    const where = whereOf(settings);
    const driver = await loadDriver();
    const connection = newConnection(driver, settings);
    const session = new SnowflakeSession(settings, connection);
    const late = (): SyncError =>
      new SyncError("SOURCE_UNREACHABLE", `Snowflake at ${where} did not answer within connect_timeout.`, {
        hint: "Check `account:` (or `access_url:`) of the source, and that this machine may connect: `curl https://ACCOUNT.snowflakecomputing.com`.",
        retry: "transient",
      });
    try {
      await withDeadline<void>({ ms: settings.connectTimeoutMs, signal, late }, ({ resolve, reject }) => {
        connection.connect((error: SnowflakeError | undefined) => (error === undefined || error === null ? resolve() : reject(error)));
      });
      await session.run({ what: "set the session's parameters", sql: { text: alterSessionSql(settings.parameters) } }, signal);
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      signal.throwIfAborted();
      throw snowflakeError(error, { what: "log in", where });
    }
  }

  /** Runs one statement to the point at which its rows can be read. An abort cancels it on the server. */
  async run({ what, sql, describeOnly = false }: Request, signal: AbortSignal): Promise<RowStatement> {
    const where = whereOf(this.settings);
    const both = AbortSignal.any([signal, this.#disposal.signal]);
    let running: RowStatement | null = null;
    const ms = this.settings.parameters.statementTimeoutMs + GRACE_MS;
    const late = (): SyncError =>
      new SyncError("SOURCE_TIMEOUT", `Snowflake at ${where} gave no answer to the attempt to ${what} within ${ms / 1000} s.`, {
        hint: "Raise `statement_timeout:` of the source, or make the query cheaper. Nothing was delivered.",
        retry: "transient",
      });
    const stop = (): void => running?.cancel(() => undefined);
    try {
      return await withDeadline<RowStatement>({ ms, signal: both, late, stop }, ({ resolve, reject }) => {
        running = this.#connection.execute({
          sqlText: sql.text,
          streamResult: true,
          rowMode: "array",
          describeOnly,
          complete: (error, statement) => (error === undefined || error === null ? resolve(statement) : reject(error)),
        });
      });
    } catch (error) {
      both.throwIfAborted();
      throw snowflakeError(error, { what, where, sql });
    }
  }

  /** Looks once more at a finished statement, so that what is left of its result can be read from fresh addresses. */
  async again(finished: RowStatement, signal: AbortSignal): Promise<RowStatement> {
    const where = whereOf(this.settings);
    const what = "look at a result again";
    const late = (): SyncError =>
      new SyncError("SOURCE_TIMEOUT", `Snowflake at ${where} did not tell of a finished result.`, { retry: "transient" });
    try {
      return await withDeadline<RowStatement>({ ms: this.settings.idleTimeoutMs, signal, late }, ({ resolve, reject }) => {
        this.#connection.fetchResult({
          queryId: finished.getQueryId(),
          streamResult: true,
          rowMode: "array",
          complete: (error: SnowflakeError | undefined, statement: RowStatement) =>
            error === undefined || error === null ? resolve(statement) : reject(error),
        });
      });
    } catch (error) {
      signal.throwIfAborted();
      throw snowflakeError(error, { what, where });
    }
  }

  /** Runs a statement of few rows and returns them as the driver's text. */
  async rows(request: Request, signal: AbortSignal): Promise<readonly (readonly unknown[])[]> {
    const statement = await this.run(request, signal);
    const rows: unknown[][] = [];
    const where = whereOf(this.settings);
    const late = (): SyncError => new SyncError("SOURCE_TIMEOUT", `Snowflake at ${where} sent no rows.`, { retry: "transient" });
    await withDeadline<void>({ ms: this.settings.idleTimeoutMs, signal, late }, ({ resolve, reject }) => {
      statement
        .streamRows()
        .on("data", (row: unknown[]) => rows.push(row))
        .on("end", resolve)
        .on("error", reject);
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw snowflakeError(error, { what: request.what, where });
    });
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort(new SyncError("INTERRUPTED", "The Snowflake source was closed."));
    // The session ends by itself at the server; a server that does not answer holds nobody up.
    const bounds = { ms: CLOSE_WITHIN_MS, signal: new AbortController().signal, late: () => new Error("late") };
    await withDeadline<void>(bounds, ({ resolve }) => this.#connection.destroy(() => resolve())).catch(() => undefined);
  }
}
