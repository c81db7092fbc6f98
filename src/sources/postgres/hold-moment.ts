import { setTimeout as sleep } from "node:timers/promises";
import { SyncError } from "../../core/errors.ts";
import type { HeldMoment } from "../../core/ports.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import { PostgresSession, type Transaction } from "./postgres-session.ts";

/** A server that does not answer holds nobody up. */
const CLOSE_WITHIN_MS = 5000;

/** Exports the snapshot of a transaction that stays open, on a connection of its own, until the moment is disposed. */
export async function holdMoment(settings: ConnectionSettings, options: PostgresOptions, signal: AbortSignal): Promise<HeldMoment> {
  const session = new PostgresSession(settings, options);
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let ended: Promise<unknown> = Promise.resolve();
  const exported = new Promise<string>((resolve, reject) => {
    const hold = async (transaction: Transaction): Promise<void> => {
      resolve(await exportSnapshot(transaction));
      // Silence is our own doing from here on.
      transaction.waiting(true);
      await released;
    };
    ended = session.transaction("keep a moment for several readers", new AbortController().signal, hold).catch(reject);
  });
  const cut = (): void => void session[Symbol.asyncDispose]();
  signal.addEventListener("abort", cut, { once: true });
  try {
    signal.throwIfAborted();
    const token = await exported;
    return {
      token,
      [Symbol.asyncDispose]: async () => {
        release();
        await Promise.race([ended, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
        await session[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

/** The server's limits on idle transactions are for forgotten ones. */
const WITHOUT_LIMITS = `SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')`;

async function exportSnapshot({ connection }: Transaction): Promise<string> {
  await connection.client.query(WITHOUT_LIMITS);
  const { rows } = await connection.client.query<[string]>({ text: "SELECT pg_catalog.pg_export_snapshot()", rowMode: "array" });
  const token = rows[0]?.[0];
  if (token === undefined) throw new SyncError("INTERNAL", "Postgres exported a snapshot without a name.");
  return token;
}
