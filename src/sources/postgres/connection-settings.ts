import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { SyncError } from "../../core/errors.ts";
import { resolveSecret } from "../../core/resolve-secret.ts";
import { Secret, type SecretRef } from "../../core/secret.ts";
import { connectionUrlProblem, parseConnectionUrl, type ConnectionUrl } from "./connection-url.ts";
import type { PostgresOptions, SslMode } from "./postgres-options.ts";

/** Everything that a connection needs, secrets resolved as they stand now. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: Secret | null;
  readonly sslMode: SslMode;
  /** Null: no TLS. */
  readonly tls: ConnectionOptions | null;
  /** Whether the password exchange is tied to the TLS connection: not, where the server offers it, or else no connection. */
  readonly channelBinding: "disable" | "prefer" | "require";
  readonly applicationName: string;
  readonly startupOptions: string | null;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
}

/** Lays the options over the URL and resolves their secrets; the defaults are libpq's. */
export async function connectionSettings(options: PostgresOptions, stream: string, signal: AbortSignal): Promise<ConnectionSettings> {
  const url = options.url === undefined ? { parameters: new Map<string, string>() } : await readUrl(options.url, signal);
  const host = options.host ?? url.host ?? "localhost";
  const user = options.user ?? url.user;
  if (user === undefined) {
    throw new SyncError("SOURCE_AUTH_FAILED", "The Postgres source names no user.", {
      hint: "Add `user:` to the source, or a user to its url.",
    });
  }
  const password = options.password === undefined ? url.password : (await resolveSecret(options.password, signal)).reveal();
  const sslMode = host.startsWith("/") ? "disable" : sslModeOf(options, url);
  const seconds = url.parameters.get("connect_timeout");
  return {
    host,
    port: options.port ?? url.port ?? 5432,
    database: options.database ?? url.database ?? user,
    user,
    password: password === undefined ? null : new Secret(password),
    sslMode,
    tls: sslMode === "disable" ? null : await tlsOptions(options, url, sslMode, signal),
    channelBinding: (url.parameters.get("channel_binding") as ConnectionSettings["channelBinding"] | undefined) ?? "disable",
    applicationName: options.application_name ?? url.parameters.get("application_name") ?? `spillway/${stream}`.slice(0, 63),
    startupOptions: url.parameters.get("options") ?? null,
    connectTimeoutMs: seconds === undefined || seconds === "0" ? options.connect_timeout : Number(seconds) * 1000,
    keepAliveMs: options.keepalive,
  };
}

async function readUrl(ref: SecretRef, signal: AbortSignal): Promise<ConnectionUrl> {
  const text = (await resolveSecret(ref, signal)).reveal();
  const problem = connectionUrlProblem(text);
  if (problem !== null) {
    throw new SyncError("SOURCE_UNREACHABLE", `The Postgres source's url ${problem}.`, {
      hint: "Write it as postgres://user:password@host:5432/database.",
    });
  }
  return parseConnectionUrl(text);
}

function sslModeOf(options: PostgresOptions, url: ConnectionUrl): SslMode {
  if (options.ssl !== undefined) return options.ssl.mode;
  return (url.parameters.get("sslmode") as SslMode | undefined) ?? "prefer";
}

async function tlsOptions(options: PostgresOptions, url: ConnectionUrl, mode: SslMode, signal: AbortSignal): Promise<ConnectionOptions> {
  const ca = await pemText(options.ssl?.ca, url.parameters.get("sslrootcert"), signal);
  const cert = await pemText(options.ssl?.cert, url.parameters.get("sslcert"), signal);
  const key = await pemText(options.ssl?.key, url.parameters.get("sslkey"), signal);
  // As in libpq: with a certificate authority at hand, `require` checks the chain too.
  const checksChain = mode === "verify-full" || mode === "verify-ca" || (mode === "require" && ca !== null);
  return {
    rejectUnauthorized: checksChain,
    ...(mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

async function pemText(ref: SecretRef | undefined, path: string | undefined, signal: AbortSignal): Promise<string | null> {
  // "system" is libpq's word for the authorities that the machine trusts.
  if (ref === undefined && (path === undefined || path === "system")) return null;
  const file = ref === undefined ? path : !(ref instanceof Secret) && "file" in ref ? ref.file : undefined;
  if (file === undefined) return ref === undefined ? null : (await resolveSecret(ref, signal)).reveal();
  try {
    return await readFile(file, { encoding: "utf8", signal });
  } catch {
    signal.throwIfAborted();
    throw new SyncError("SOURCE_TLS_FAILED", `The TLS file ${file} of the Postgres source cannot be read.`, {
      hint: "Mend the path under `ssl:` (relative paths start at the configuration's folder) or the file's rights.",
    });
  }
}
