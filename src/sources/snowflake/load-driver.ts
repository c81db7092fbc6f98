import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type snowflake from "snowflake-sdk";
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
    guardParsing();
    return driver;
  });
  return await loading;
}

/** A part of a result in the driver's own code, as far as it is used here. */
interface ResultPart {
  getRows(): unknown;
}

const unreadable = new EventEmitter();
// One listener for each result that is being read.
unreadable.setMaxListeners(0);

/** Calls `listener` whenever a part of any result turns out not to be readable; the returned function ends that. */
export function onUnreadablePart(listener: () => void): () => void {
  unreadable.on("part", listener);
  return () => void unreadable.off("part", listener);
}

/**
 * The driver parses a part when its turn comes, from a callback that nobody guards: one that is no JSON would end the process, with words of
 * a row on standard error, or leave the stream silent. So such a part has no rows, and whoever reads a result is told.
 */
function guardParsing(): void {
  const { prototype } = createRequire(import.meta.url)("snowflake-sdk/dist/lib/connection/result/chunk.js") as {
    readonly prototype: ResultPart;
  };
  const parse = prototype.getRows;
  prototype.getRows = function getRows(this: ResultPart): unknown {
    try {
      return parse.call(this);
    } catch {
      unreadable.emit("part");
      return [];
    }
  };
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
