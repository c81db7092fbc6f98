import { createHash, type KeyObject, verify } from "node:crypto";

/** Who may log in. */
export interface Accounts {
  readonly account: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly publicKey: KeyObject;
}

/** The `data` of a login request, as far as it is looked at. */
export interface LoginData {
  readonly LOGIN_NAME?: string;
  readonly PASSWORD?: string;
  readonly TOKEN?: string;
  readonly AUTHENTICATOR?: string;
  readonly SESSION_PARAMETERS?: Readonly<Record<string, unknown>>;
}

/** The service's error number and words for a login that it refuses; null for one that it takes. */
export function refuseLogin(data: LoginData, accounts: Accounts): readonly [number: string, message: string] | null {
  switch (data.AUTHENTICATOR) {
    case "SNOWFLAKE_JWT":
      return isSignedBy(data.TOKEN ?? "", accounts) ? null : ["390144", "JWT token is invalid. [0e1b]"];
    case "OAUTH":
      if (data.TOKEN === "expired") return ["390318", "OAuth access token expired. [0e1b]"];
      return data.TOKEN === accounts.token ? null : ["390303", "Invalid OAuth access token. [0e1b]"];
    case "PROGRAMMATIC_ACCESS_TOKEN":
      return data.TOKEN === accounts.token && data.LOGIN_NAME === accounts.username
        ? null
        : ["394400", "Programmatic access token is invalid."];
    default:
      return data.LOGIN_NAME === accounts.username && data.PASSWORD === accounts.password
        ? null
        : ["390100", "Incorrect username or password was specified."];
  }
}

function isSignedBy(token: string, { account, username, publicKey }: Accounts): boolean {
  const [header = "", payload = "", signature = ""] = token.split(".");
  if (!verify("RSA-SHA256", Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, "base64url"))) return false;
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { readonly iss: string; readonly sub: string };
  const print = createHash("sha256").update(publicKey.export({ format: "der", type: "spki" }));
  const subject = `${account}.${username}`.toUpperCase();
  return claims.sub === subject && claims.iss === `${subject}.SHA256:${print.digest("base64")}`;
}
