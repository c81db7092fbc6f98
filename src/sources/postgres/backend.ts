import { SyncError } from "../../core/errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { openConnection, whereOf, type Connection } from "./open-connection.ts";

const CANCEL_WITHIN_MS = 5000;

/** The server's process behind a connection, watched and cancelled from a second connection. */
export interface Backend {
  /** Tells which process it is; until then silence counts as death. */
  is(pid: string, startedAt: string): void;
  /** While paused, silence is our own doing. */
  pause(paused: boolean): void;
  /** Cancels what the process still works on; best effort within a few seconds, for the connection is cut anyway. */
  cancel(): Promise<void>;
  stop(): void;
}

/**
 * Watches for silence. A query may compute for an hour before its first row, so silence alone proves nothing: after `idleMs` of it a
 * second connection asks whether the process still works. It does not when it is gone, idle, or itself waiting for us to read:
 * then the network between has died without a word, and `fail` is called.
 */
export function watchBackend(
  connection: Connection,
  settings: ConnectionSettings,
  idleMs: number,
  fail: (error: SyncError) => void,
): Backend {
  const ended = new AbortController();
  let worker: { readonly pid: string; readonly startedAt: string } | null = null;
  let paused = false;
  let heard = false;
  const ask = async (sql: string, signal: AbortSignal): Promise<string | null> => {
    if (worker === null) return null;
    const { pid, startedAt } = worker;
    const second = await openConnection(settings, signal);
    const cut = (): void => second.destroy();
    signal.addEventListener("abort", cut, { once: true });
    try {
      const { rows } = await second.client.query<[string]>({
        text: `${sql} WHERE pid = $1::int AND backend_start = $2::timestamptz`,
        values: [pid, startedAt],
        rowMode: "array",
      });
      return rows[0]?.[0] ?? null;
    } finally {
      signal.removeEventListener("abort", cut);
      second.destroy();
    }
  };
  const onSilence = async (): Promise<void> => {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(settings.connectTimeoutMs * 2)]);
    heard = false;
    const state = paused ? "works" : await ask(WORKS, signal).catch(() => null);
    if (ended.signal.aborted) return;
    // What was heard while asking outweighs the answer, which may be from just after the query ended.
    if (state === "works" || paused || heard) silence.refresh();
    else fail(silentError(settings, idleMs));
  };
  const silence = setTimeout(() => void onSilence(), idleMs);
  const hear = (): void => {
    heard = true;
    silence.refresh();
  };
  connection.bytes.onBytes = hear;
  return {
    is: (pid, startedAt) => {
      worker = { pid, startedAt };
    },
    pause: (next) => {
      if (paused && !next) hear();
      paused = next;
    },
    cancel: async () => {
      await ask(
        "SELECT pg_catalog.pg_cancel_backend(pid)::text FROM pg_catalog.pg_stat_activity",
        AbortSignal.timeout(CANCEL_WITHIN_MS),
      ).catch(() => null);
    },
    stop: () => {
      ended.abort();
      clearTimeout(silence);
      connection.bytes.onBytes = () => undefined;
    },
  };
}

const WORKS =
  "SELECT 'works' FROM (SELECT * FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND wait_event_type IS DISTINCT FROM 'Client') AS working";

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
