import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Clock } from "../../../src/core/clock.ts";
import type { Accounts, Principal } from "./accounts.ts";
import type { Address } from "./call.ts";
import { WireError } from "./wire-error.ts";

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const LONGEST_SKEW_MS = 15 * 60_000;

/** STS signs its body; S3 signs what x-amz-content-sha256 says. */
type SignedRequest = Address & { readonly body?: Buffer };

/**
 * Who signed the request. Signs it again with the SDK's own mathematics and the secret on record; refuses what S3 refuses:
 * unknown keys, other signatures, skewed clocks, sessions that ended, a region that is not the server's.
 */
export async function verifySignature(address: SignedRequest, accounts: Accounts, clock: Clock, region: string): Promise<Principal> {
  const { headers } = address;
  const parsed = AUTHORIZATION.exec(headers["authorization"] ?? "");
  if (parsed === null) throw new WireError(403, "AccessDenied", "Access Denied: the request is not signed");
  const [, keyId = "", , scopeRegion = "", service = "", signedHeaders = "", signature] = parsed;
  const principal = accounts.byKeyId(keyId);
  if (principal === null) {
    const code = service === "sts" ? "InvalidClientTokenId" : "InvalidAccessKeyId";
    throw new WireError(403, code, "The AWS Access Key Id you provided does not exist in our records.");
  }
  if (scopeRegion !== region) throw wrongRegion(scopeRegion, region);
  const date = signingDate(headers["x-amz-date"] ?? "");
  if (Math.abs(date.getTime() - clock.now().getTime()) > LONGEST_SKEW_MS)
    throw new WireError(
      403,
      service === "sts" ? "SignatureDoesNotMatch" : "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    );
  if ((principal.sessionToken ?? "") !== (headers["x-amz-security-token"] ?? ""))
    throw new WireError(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  if ((await sign(address, principal, scopeRegion, service, signedHeaders, date)) !== signature)
    throw new WireError(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.");
  if (accounts.isExpired(principal))
    throw new WireError(
      service === "sts" ? 403 : 400,
      service === "sts" ? "ExpiredTokenException" : "ExpiredToken",
      "The provided token has expired.",
    );
  return principal;
}

async function sign(
  address: SignedRequest,
  principal: Principal,
  region: string,
  service: string,
  signedHeaders: string,
  date: Date,
): Promise<string> {
  const names = new Set(signedHeaders.split(";"));
  for (const needed of ["host", "x-amz-date"]) if (!names.has(needed)) throw new WireError(403, "AccessDenied", `${needed} must be signed`);
  const headers = Object.fromEntries([...names].map((name) => [name, address.headers[name] ?? ""]));
  const contentHash = address.headers["x-amz-content-sha256"];
  const { accessKeyId, secretAccessKey, sessionToken } = principal;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    region,
    service,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const request = {
    method: address.method,
    protocol: "http:",
    hostname: address.headers["host"] ?? "",
    path: address.rawPath,
    query: Object.fromEntries(address.query),
    headers: contentHash === undefined ? headers : { ...headers, "x-amz-content-sha256": contentHash },
    body: address.body,
  };
  const signed = await signer.sign(request, { signingDate: date, signableHeaders: names });
  return /Signature=([0-9a-f]{64})$/.exec(signed.headers["authorization"] ?? "")?.[1] ?? "";
}

function wrongRegion(used: string, right: string): WireError {
  const message = `The authorization header is malformed; the region '${used}' is wrong; expecting '${right}'`;
  return new WireError(400, "AuthorizationHeaderMalformed", message, { fields: { Region: right } });
}

function signingDate(text: string): Date {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime()))
    throw new WireError(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
  return date;
}
