import { Socket } from "node:net";
import pg from "pg";
import { SyncError } from "../../core/errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { isTlsRefusal, postgresError } from "./postgres-error.ts";
import { largeReadSocket, ServerBytes } from "./server-bytes.ts";

/** A logged-in connection of its own; never shared, never reused after a failure. */
export interface Connection {
  readonly client: pg.Client;
  readonly bytes: ServerBytes;
  /** Cuts the connection at once, without a word to the server. */
  destroy(): void;
}

/** Where a source's connections go, for messages. */
export function whereOf(settings: ConnectionSettings): string {
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  return `${host}:${settings.port}/${settings.database}`;
}

/** Connects and logs in within the connect timeout; an abort cuts it short. */
export async function openConnection(settings: ConnectionSettings, signal: AbortSignal): Promise<Connection> {
  try {
    return await connectOnce(settings, settings.tls !== null, signal);
  } catch (error) {
    if (settings.sslMode !== "prefer" || !isTlsRefusal(error)) throw translated(error, settings, signal);
  }
  try {
    return await connectOnce(settings, false, signal);
  } catch (error) {
    throw translated(error, settings, signal);
  }
}

function translated(error: unknown, settings: ConnectionSettings, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return postgresError(error, { what: "connect", where: whereOf(settings) });
}

async function connectOnce(settings: ConnectionSettings, tls: boolean, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted();
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    // A function, for pg would look for a password in files and the environment when it is given none.
    password: () => passwordOf(settings),
    // The TLS layer reads from the socket itself, so large reads are for plain ones.
    stream: () => (tls ? new Socket() : largeReadSocket()),
    ssl: tls && settings.tls !== null ? settings.tls : false,
    enableChannelBinding: tls && settings.channelBinding !== "disable",
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: settings.keepAliveMs,
    application_name: settings.applicationName,
    ...(settings.startupOptions === null ? {} : { options: settings.startupOptions }),
  });
  // A connection that breaks rejects the query at hand; without a listener it would also end the process.
  client.on("error", () => undefined);
  let bound = false;
  client.connection.on("authenticationSASL", (offer: { readonly mechanisms: readonly string[] }) => {
    bound = tls && offer.mechanisms.includes("SCRAM-SHA-256-PLUS");
  });
  const destroy = (): void => {
    client.connection.stream.destroy();
  };
  signal.addEventListener("abort", destroy, { once: true });
  try {
    await client.connect();
    signal.throwIfAborted();
    if (settings.channelBinding === "require" && !bound) throw unbound(settings);
    return { client, bytes: new ServerBytes(client.connection.stream), destroy };
  } catch (error) {
    destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", destroy);
  }
}

function passwordOf(settings: ConnectionSettings): string {
  if (settings.password !== null) return settings.password.reveal();
  throw new SyncError(
    "SOURCE_AUTH_FAILED",
    `Postgres at ${whereOf(settings)} asks ${settings.user} for a password, and the source has none.`,
    {
      hint: "Add `password:` to the source, or a password to its url.",
    },
  );
}

function unbound(settings: ConnectionSettings): SyncError {
  return new SyncError(
    "SOURCE_TLS_FAILED",
    `Postgres at ${whereOf(settings)} does not tie the login to the TLS connection, and channel_binding=require asks for it.`,
    {
      hint: "It takes TLS and scram-sha-256 at the server; or leave channel_binding out of the url.",
    },
  );
}
