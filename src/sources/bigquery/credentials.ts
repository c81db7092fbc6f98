import { GoogleAuth, Impersonated, PassThroughClient, type AuthClient, type JWTInput } from "google-auth-library";
import { SyncError } from "../../core/errors.ts";
import { resolveSecret } from "../../core/resolve-secret.ts";
import type { SecretRef } from "../../core/secret.ts";
import { authFailure } from "./bigquery-failure.ts";
import type { BigqueryOptions } from "./bigquery-options.ts";

const READING = "https://www.googleapis.com/auth/bigquery";
/** What acting as another account needs; the token that comes of it is for BigQuery alone. */
const ACTING = "https://www.googleapis.com/auth/cloud-platform";

/** Who asks, and the project that the credentials name. */
export interface Identity {
  readonly client: AuthClient;
  readonly project: string | null;
}

/** Makes the identity that requests are sent with. Each call starts anew: files are read and commands run again. */
export type Identify = (options: BigqueryOptions, signal: AbortSignal) => Promise<Identity>;

/** The identity that the options name; nobody for an http:// endpoint, which credentials would cross in the clear. */
export const identify: Identify = async (options, signal) => {
  if (options.api_endpoint?.startsWith("http://") === true) return { client: new PassThroughClient(), project: null };
  const given = options.credentials === undefined ? {} : { credentials: await readCredentials(options.credentials, signal) };
  const { impersonate } = options;
  const auth = new GoogleAuth({ ...given, scopes: [impersonate === undefined ? READING : ACTING] });
  try {
    const client = await auth.getClient();
    const project = options.project ?? (await auth.getProjectId().catch(() => null));
    if (impersonate === undefined) return { client, project };
    const { service_account: targetPrincipal, delegates } = impersonate;
    return { client: new Impersonated({ sourceClient: client, targetPrincipal, delegates, targetScopes: [READING] }), project };
  } catch (error) {
    throw authFailure(error);
  }
};

async function readCredentials(ref: SecretRef, signal: AbortSignal): Promise<JWTInput> {
  const text = (await resolveSecret(ref, signal)).reveal();
  const found = parsed(text);
  // The parser's own words can quote the key.
  if (typeof found !== "object" || found === null) throw refused("are no JSON");
  if (!("type" in found) || typeof found.type !== "string") throw refused("hold no `type`, as every Google credential does");
  if (found.type === "service_account" && !("private_key" in found && "client_email" in found)) {
    throw refused("are a service account's without private_key or client_email");
  }
  // Which other keys it needs, the library says when it reads it.
  return found as JWTInput;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function refused(why: string): SyncError {
  return new SyncError("SOURCE_AUTH_FAILED", `The credentials of the BigQuery source ${why}.`, {
    hint: "Give the JSON key file as the Google Cloud console or `gcloud iam service-accounts keys create` makes it, as a path or its whole text.",
  });
}
