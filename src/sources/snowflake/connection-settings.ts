import { createPrivateKey, type KeyObject } from "node:crypto";
import { SyncError } from "../../core/errors.ts";
import { resolveSecret } from "../../core/resolve-secret.ts";
import { Secret, type SecretRef } from "../../core/secret.ts";
import type { SessionParameters } from "./pinned-settings.ts";
import { authenticatorOf, type SnowflakeAuthenticator, type SnowflakeOptions } from "./snowflake-options.ts";

/** Everything that a session needs, secrets resolved as they stand now. */
export interface ConnectionSettings {
  readonly account: string;
  /** Null: the account's own address. */
  readonly accessUrl: string | null;
  readonly username: string;
  readonly authenticator: SnowflakeAuthenticator;
  /** The password, the token, or the private key as unencrypted PKCS#8. */
  readonly secret: Secret;
  readonly role: string | null;
  readonly warehouse: string | null;
  readonly database: string | null;
  readonly schema: string | null;
  readonly parameters: SessionParameters;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** Resolves the secrets of the options and fills in what the stream decides. */
export async function connectionSettings(options: SnowflakeOptions, stream: string, signal: AbortSignal): Promise<ConnectionSettings> {
  const authenticator = authenticatorOf(options) ?? "password";
  return {
    account: options.account ?? accountOf(options.access_url ?? ""),
    accessUrl: options.access_url?.replace(/\/$/u, "") ?? null,
    username: options.username,
    authenticator,
    secret: authenticator === "key_pair" ? await privateKey(options, signal) : await resolveSecret(plainSecret(options), signal),
    role: options.role ?? null,
    warehouse: options.warehouse ?? null,
    database: options.database ?? null,
    schema: options.schema ?? null,
    parameters: { queryTag: options.query_tag ?? `spillway/${stream}`, statementTimeoutMs: options.statement_timeout },
    connectTimeoutMs: options.connect_timeout,
    idleTimeoutMs: options.idle_timeout,
  };
}

/** Where a source's sessions go, for messages. */
export function whereOf(settings: Pick<ConnectionSettings, "accessUrl" | "account">): string {
  return settings.accessUrl === null ? settings.account : new URL(settings.accessUrl).host;
}

function accountOf(accessUrl: string): string {
  return new URL(accessUrl).hostname.split(".")[0] ?? "";
}

function plainSecret(options: SnowflakeOptions): SecretRef {
  const given = options.token ?? options.password;
  if (given === undefined) throw new SyncError("INTERNAL", "A Snowflake source without a secret passed its schema.");
  return given;
}

async function privateKey(options: SnowflakeOptions, signal: AbortSignal): Promise<Secret> {
  const path = options.private_key_path;
  const ref = options.private_key ?? (path === undefined ? undefined : { file: path });
  if (ref === undefined) throw new SyncError("INTERNAL", "A Snowflake source without a private key passed its schema.");
  const pem = (await resolveSecret(ref, signal)).reveal();
  const phrase = options.private_key_passphrase === undefined ? null : await resolveSecret(options.private_key_passphrase, signal);
  const key = readKey(pem, phrase);
  if (key === null || key.asymmetricKeyType !== "rsa") throw unusableKey(pem, phrase !== null);
  return new Secret(key.export({ format: "pem", type: "pkcs8" }).toString());
}

function readKey(pem: string, phrase: Secret | null): KeyObject | null {
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(phrase === null ? {} : { passphrase: phrase.reveal() }) });
  } catch {
    return null;
  }
}

/** What the library says of a key may quote it. */
function unusableKey(pem: string, hasPhrase: boolean): SyncError {
  const encrypted = pem.includes("ENCRYPTED");
  const [why, hint] = !pem.includes("PRIVATE KEY-----")
    ? [
        "it is no PEM text of a private key",
        "Give the file that begins with -----BEGIN PRIVATE KEY----- or -----BEGIN ENCRYPTED PRIVATE KEY-----.",
      ]
    : encrypted && !hasPhrase
      ? ["it is encrypted, and there is no passphrase", "Add `private_key_passphrase:` to the source."]
      : encrypted
        ? ["the passphrase does not open it", "Check `private_key_passphrase:`: `openssl pkey -in FILE -noout` asks for it."]
        : ["it is no RSA key in PKCS#8", "Make one: `openssl genrsa 2048 | openssl pkcs8 -topk8 -inform PEM -out rsa_key.p8 -nocrypt`."];
  return new SyncError("SOURCE_AUTH_FAILED", `The private key of the Snowflake source cannot be used: ${why}.`, { hint });
}
