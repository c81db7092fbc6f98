import { SyncError } from "../../core/errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { openConnection, whereOf, type Connection } from "./open-connection.ts";

const CANCEL_WITHIN_MS = 5000;
const WORKS = "SELECT 'works' FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND wait_event_type IS DISTINCT FROM 'Client' AND";
const CANCEL = "SELECT pg_catalog.pg_cancel_backend(pid)::text FROM pg_catalog.pg_stat_activity WHERE";

/**
 * The server's process behind a connection, watched for silence and cancelled from a second connection. A query may compute for an hour
 * before its first row, so silence alone proves nothing: after `idleMs` of it the second connection asks whether the process still
 * works. It does not when it is gone, idle, or itself waiting for us to read: when that is so twice, with nothing heard between, the network
 * has died without a word, and `fail` is called.
 */
export class Backend {
  readonly #connection: Connection;
  readonly #settings: ConnectionSettings;
  readonly #idleMs: number;
  readonly #fail: (error: SyncError) => void;
  readonly #stopped = new AbortController();
  readonly #silence: NodeJS.Timeout;
  #process: { readonly pid: string; readonly startedAt: string } | null = null;
  #paused = false;
  #heard = 0;
  /** What `#heard` was when the process was first found not to work. */
  #suspectedAt: number | null = null;

  constructor(connection: Connection, settings: ConnectionSettings, idleMs: number, fail: (error: SyncError) => void) {
    this.#connection = connection;
    this.#settings = settings;
    this.#idleMs = idleMs;
    this.#fail = fail;
    this.#silence = setTimeout(() => void this.#onSilence(), idleMs);
    connection.bytes.onBytes = () => this.#hear();
  }

  /** Tells which process it is; until then silence counts as death. */
  is(pid: string, startedAt: string): void {
    this.#process = { pid, startedAt };
  }

  /** While paused, silence is our own doing. */
  pause(paused: boolean): void {
    if (this.#paused && !paused) this.#hear();
    this.#paused = paused;
  }

  /** Cancels what the process still works on; best effort within a few seconds, for the connection is cut anyway. */
  async cancel(): Promise<void> {
    await this.#ask(CANCEL, AbortSignal.timeout(CANCEL_WITHIN_MS)).catch(() => null);
  }

  /** Ends the watch. */
  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#silence);
    this.#connection.bytes.onBytes = () => undefined;
  }

  #hear(): void {
    this.#heard += 1;
    // A reader can still take its last bytes when the transaction is over; refreshing would wake the timer again.
    if (!this.#stopped.signal.aborted) this.#silence.refresh();
  }

  async #onSilence(): Promise<void> {
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#settings.connectTimeoutMs * 2)]);
    const heardBefore = this.#heard;
    const state = this.#paused ? "works" : await this.#ask(WORKS, signal).catch(() => null);
    if (this.#stopped.signal.aborted) return;
    const silent = this.#heard === heardBefore && !this.#paused && state !== "works";
    // The query may have ended while we asked, with its last bytes not yet read here: only a second time counts.
    if (silent && this.#suspectedAt === heardBefore) this.#fail(silentError(this.#settings, this.#idleMs));
    this.#suspectedAt = silent ? this.#heard : null;
    this.#silence.refresh();
  }

  /** The start time beside the process's number: numbers are used again, and nobody else's query may be cancelled. */
  async #ask(sql: string, signal: AbortSignal): Promise<string | null> {
    if (this.#process === null) return null;
    const { pid, startedAt } = this.#process;
    const second = await openConnection(this.#settings, signal);
    const cut = (): void => second.destroy();
    signal.addEventListener("abort", cut, { once: true });
    try {
      const text = `${sql} pid = $1::int AND backend_start = $2::timestamptz`;
      const { rows } = await second.client.query<[string]>({ text, values: [pid, startedAt], rowMode: "array" });
      return rows[0]?.[0] ?? null;
    } finally {
      signal.removeEventListener("abort", cut);
      second.destroy();
    }
  }
}

function silentError(settings: ConnectionSettings, idleMs: number): SyncError {
  return new SyncError(
    "SOURCE_TIMEOUT",
    `Postgres at ${whereOf(settings)} has been silent for ${idleMs / 1000} s and no longer works on the query.`,
    {
      hint: "Nothing was delivered; run again. If it comes back, look at what lies between (firewall, NAT, proxy) and their idle timeouts.",
      retry: "transient",
    },
  );
}
