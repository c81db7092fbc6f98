import { SyncError } from "../../core/errors.ts";
import { Backend } from "./backend.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { openConnection, whereOf, type Connection } from "./open-connection.ts";
import { beginSql, pinSql } from "./pinned-settings.ts";
import { postgresError } from "./postgres-error.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import type { SubmittedSql } from "./sql-position.ts";

/** A read-only transaction under pinned settings. */
export interface Transaction {
  readonly connection: Connection;
  /** Makes the transaction end with this error, at once. */
  fail(error: unknown): void;
  /** Says which statement runs next, so that an error can point into the model's SQL. */
  running(sql: SubmittedSql | null): void;
  /** Says that silence is our own doing: the reader of the rows holds things up. */
  waiting(onSink: boolean): void;
}

/** The connections of one source: one transaction at a time, each on a connection that no failure has touched. */
export class PostgresSession implements AsyncDisposable {
  readonly #settings: ConnectionSettings;
  readonly #options: PostgresOptions;
  readonly #disposal = new AbortController();
  #idle: Connection | null = null;
  #current: Promise<unknown> | null = null;
  #moment: string | null = null;

  constructor(settings: ConnectionSettings, options: PostgresOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** Connects now, so that what is wrong with the connection shows before anything is asked of it. */
  async connect(signal: AbortSignal): Promise<void> {
    this.#idle ??= await openConnection(this.#settings, signal);
  }

  /** Lets every transaction from now on see a snapshot that another one exported. */
  enter(moment: string): void {
    this.#moment = moment;
  }

  /** Runs `work` in a transaction of its own. Whatever fails (or an abort) cancels the query on the server and cuts the connection. */
  async transaction<T>(what: string, signal: AbortSignal, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#current !== null) throw new SyncError("INTERNAL", "A Postgres source was asked for two things at once.");
    const both = AbortSignal.any([signal, this.#disposal.signal]);
    const running = this.#run(what, both, work);
    this.#current = running.catch(() => undefined);
    try {
      return await running;
    } finally {
      this.#current = null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort(new SyncError("INTERRUPTED", "The Postgres source was closed."));
    await this.#current;
    const idle = this.#idle;
    this.#idle = null;
    if (idle === null) return;
    const closed = new Promise<void>((resolve) => {
      idle.client.connection.stream.once("close", () => resolve());
    });
    idle.destroy();
    await closed;
  }

  async #run<T>(what: string, signal: AbortSignal, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const connection = this.#idle ?? (await openConnection(this.#settings, signal));
    this.#idle = null;
    let failure: { readonly error: unknown } | null = null;
    let sql: SubmittedSql | null = null;
    const fail = (error: unknown): void => {
      failure ??= { error };
      connection.destroy();
    };
    const backend = new Backend(connection, this.#settings, this.#options.idle_timeout, fail);
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#begin(connection, backend);
      const result = await work({
        connection,
        fail,
        running: (next) => {
          sql = next;
        },
        waiting: (onSink) => backend.pause(onSink),
      });
      sql = null;
      await connection.client.query("COMMIT");
      if (failure !== null) throw new SyncError("INTERNAL", "A failed Postgres transaction was committed.");
      this.#idle = connection;
      return result;
    } catch (error) {
      connection.destroy();
      const cut = failure as { readonly error: unknown } | null;
      if (cut === null) throw postgresError(error, { what, where: whereOf(this.#settings), ...(sql === null ? {} : { sql }) });
      await backend.cancel();
      throw cut.error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      backend.stop();
    }
  }

  async #begin({ client }: Connection, backend: Backend): Promise<void> {
    if (this.#moment !== null) {
      await client.query(beginSql(this.#moment)).catch((error: unknown) => {
        throw this.#momentLost(error) ?? error;
      });
    }
    const pin = pinSql(this.#options);
    await client.query(this.#moment === null ? `${beginSql(null)};\n${pin}` : pin).catch((error: unknown) => {
      throw this.#roleRefused(error) ?? error;
    });
    const own = "SELECT pid::text, backend_start::text FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()";
    const { rows } = await client.query<[string, string]>({ text: own, rowMode: "array" });
    const [pid, startedAt] = rows[0] ?? [];
    if (pid !== undefined && startedAt !== undefined) backend.is(pid, startedAt);
  }

  /** The server's states for a snapshot that is not there, was never, or whose exporter has gone, by its version. */
  #momentLost(error: unknown): SyncError | null {
    const state = error instanceof Error && "code" in error ? error.code : null;
    if (state !== "22023" && state !== "42704" && state !== "55000") return null;
    return new SyncError("SOURCE_MOMENT_LOST", `Postgres at ${whereOf(this.#settings)} no longer keeps the moment that was read before.`, {
      hint: "Nothing of this stream was delivered; run it again. If it comes back, let the source connect to one server, not to several behind one address.",
      retry: "transient",
    });
  }

  #roleRefused(error: unknown): SyncError | null {
    const { role } = this.#options;
    const state = error instanceof Error && "code" in error ? error.code : null;
    if (role === undefined || (state !== "22023" && state !== "42501")) return null;
    const message = `Postgres at ${whereOf(this.#settings)}: ${this.#settings.user} may not read as the role ${role}, or there is no such role.`;
    return new SyncError("SOURCE_ACCESS_DENIED", message, {
      hint: `Correct \`role:\` of the source, or GRANT "${role}" TO "${this.#settings.user}".`,
    });
  }
}
