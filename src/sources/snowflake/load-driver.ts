import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type snowflake from "snowflake-sdk";
import { SyncError } from "../../core/errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";

/** The official driver. */
export type Driver = typeof snowflake;

const silent = (): void => undefined;
const NO_LOG = { error: silent, warn: silent, info: silent, debug: silent, trace: silent };

let loading: Promise<Driver> | null = null;

/**
 * Loads the driver when it is first used, and keeps it quiet: by itself it writes a log file into the working folder and to standard output.
 * What it asks of the environment (no look for cloud metadata, no telemetry) is set by the command line before.
 */
export async function loadDriver(): Promise<Driver> {
  loading ??= import("snowflake-sdk").then((module) => {
    const driver = module.default;
    driver.configure({ logLevel: "OFF", additionalLogToConsole: false, customLogger: NO_LOG });
    readPartsWhenTheyArrive();
    return driver;
  });
  return await loading;
}

/** A part of a result in the driver's own code, as far as it is used here. */
interface ResultPart extends EventEmitter {
  getRows(): unknown;
}

/**
 * The driver parses a part when its turn comes, from a callback that nobody guards: a part that is no JSON would end the process, with words of
 * a row on standard error, or leave the stream silent. So each is parsed as it arrives, and one that cannot be is a part that failed to load.
 */
function readPartsWhenTheyArrive(): void {
  const part = createRequire(import.meta.url)("snowflake-sdk/dist/lib/connection/result/chunk.js") as { readonly prototype: ResultPart };
  part.prototype.emit = function emit(this: ResultPart, event: string, ...values: unknown[]): boolean {
    const [error, ...others] = values;
    if (event !== "loadcomplete" || (error !== undefined && error !== null))
      return EventEmitter.prototype.emit.call(this, event, ...values);
    return EventEmitter.prototype.emit.call(this, event, whyUnreadable(this), ...others);
  };
}

function whyUnreadable(part: ResultPart): Error | undefined {
  try {
    part.getRows();
    return undefined;
  } catch {
    return new SyncError("SOURCE_TRUNCATED", "A part of the result that Snowflake sent is no JSON.", {
      hint: "Nothing was delivered; run again. If it comes back, look at what lies between.",
      retry: "transient",
    });
  }
}

const AUTHENTICATORS = {
  key_pair: "SNOWFLAKE_JWT",
  oauth: "OAUTH",
  programmatic_access_token: "PROGRAMMATIC_ACCESS_TOKEN",
  password: "SNOWFLAKE",
} as const;

/** Rows that the driver hands over at once. */
const ROWS_AT_ONCE = 1000;
const LOGIN_RETRIES = 2;

/** A connection that is not open yet. */
export function newConnection(driver: Driver, settings: ConnectionSettings): snowflake.Connection {
  const secret = settings.secret.reveal();
  const { authenticator } = settings;
  return driver.createConnection({
    account: settings.account,
    ...(settings.accessUrl === null ? {} : { accessUrl: settings.accessUrl }),
    username: settings.username,
    authenticator: AUTHENTICATORS[authenticator],
    ...(authenticator === "key_pair" ? { privateKey: secret } : authenticator === "password" ? { password: secret } : { token: secret }),
    ...(settings.role === null ? {} : { role: settings.role }),
    ...(settings.warehouse === null ? {} : { warehouse: settings.warehouse }),
    ...(settings.database === null ? {} : { database: settings.database }),
    ...(settings.schema === null ? {} : { schema: settings.schema }),
    application: "Spillway",
    queryTag: settings.parameters.queryTag,
    clientSessionKeepAlive: true,
    // A result's chunk in hand and the next one, no more.
    resultPrefetch: 1,
    rowStreamHighWaterMark: ROWS_AT_ONCE,
    representNullAsStringNull: false,
    sfRetryMaxLoginRetries: LOGIN_RETRIES,
    disableConsoleLogin: true,
  });
}
