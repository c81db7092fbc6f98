import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@smithy/types";
import { isAbort, SyncError } from "../core/errors.ts";
import { resolveSecret } from "../core/resolve-secret.ts";
import { rememberSecret } from "../core/scrub.ts";
import { S3Failure, toFailure } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";

/** What of a destination's options says whose credentials are used. */
export type CredentialOptions = Pick<
  S3Options,
  "region" | "endpoint" | "sts_endpoint" | "role_arn" | "external_id" | "credentials" | "profile" | "timeouts"
>;

/** The region to sign for; on AWS without one the SDK asks the environment and the profile, elsewhere any will do. */
export function regionOf({ region, endpoint }: Pick<CredentialOptions, "region" | "endpoint">): { readonly region?: string } {
  if (region !== undefined) return { region };
  return endpoint === undefined ? {} : { region: "us-east-1" };
}

/** The credentials before any role is assumed: keys of the options, a profile, or the default chain. Read anew at every call. */
export async function baseCredentials(options: CredentialOptions, signal: AbortSignal): Promise<AwsCredentialIdentityProvider> {
  const { credentials: given, profile } = options;
  if (given !== undefined) {
    return async () => {
      const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([
        resolveSecret(given.access_key_id, signal),
        resolveSecret(given.secret_access_key, signal),
        given.session_token === undefined ? null : resolveSecret(given.session_token, signal),
      ]);
      return {
        accessKeyId: accessKeyId.reveal(),
        secretAccessKey: secretAccessKey.reveal(),
        ...(sessionToken === null ? {} : { sessionToken: sessionToken.reveal() }),
      };
    };
  }
  const { fromNodeProviderChain } = await import("@aws-sdk/credential-providers");
  // A chain remembers what it found; a new one each time notices rotated files and environment.
  return async (properties) => fromNodeProviderChain(profile === undefined ? {} : { profile })(properties);
}

/**
 * A provider of the credentials that S3 is asked with. With a role each call asks STS anew; what it gives carries an
 * expiry, so the SDK comes back for more five minutes before it. Failures are S3Failures of AssumeRole.
 */
export async function credentialProvider(
  options: CredentialOptions,
  sessionName: string,
  signal: AbortSignal,
): Promise<AwsCredentialIdentityProvider> {
  const base = await baseCredentials(options, signal);
  const { role_arn: role } = options;
  if (role === undefined) return sorted(base);
  const { STSClient, AssumeRoleCommand } = await import("@aws-sdk/client-sts");
  const sts = new STSClient({ ...stsClientConfig(options), credentials: base });
  signal.addEventListener("abort", () => sts.destroy(), { once: true });
  const command = {
    RoleArn: role,
    RoleSessionName: roleSessionName(sessionName),
    ...(options.external_id === undefined ? {} : { ExternalId: options.external_id }),
  };
  return sorted(async () => identity((await sts.send(new AssumeRoleCommand(command), { abortSignal: signal })).Credentials));
}

/** Options that every STS client of a destination shares. */
export function stsClientConfig(options: CredentialOptions) {
  return {
    ...regionOf(options),
    ...(options.sts_endpoint === undefined ? {} : { endpoint: options.sts_endpoint }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: options.timeouts.connect,
      requestTimeout: options.timeouts.idle,
      throwOnRequestTimeout: true,
    },
  };
}

/** A session name that STS takes (2 to 64 of its characters), so that CloudTrail tells the model and the generation. */
export function roleSessionName(text: string): string {
  const allowed = text.replace(/[^\w+=,.@-]+/g, "-").slice(0, 64);
  return allowed.length < 2 ? `${allowed}--`.slice(0, 64) : allowed;
}

interface StsCredentials {
  readonly AccessKeyId?: string | undefined;
  readonly SecretAccessKey?: string | undefined;
  readonly SessionToken?: string | undefined;
  readonly Expiration?: Date | undefined;
}

function identity(given: StsCredentials | undefined): AwsCredentialIdentity {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
  if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined)
    throw new S3Failure("AssumeRole", "server", new Error("STS answered without credentials"));
  for (const secret of [SecretAccessKey, SessionToken]) rememberSecret(secret);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    ...(Expiration === undefined ? {} : { expiration: Expiration }),
  };
}

/** Failures to get credentials must not look like answers of the bucket, whose codes are the same words. */
function sorted(provider: AwsCredentialIdentityProvider): AwsCredentialIdentityProvider {
  return async (properties) => {
    try {
      return await provider(properties);
    } catch (error) {
      if (error instanceof SyncError || isAbort(error)) throw error;
      const failure = toFailure("AssumeRole", error);
      // Asking for credentials changes nothing at the destination, however it ended.
      failure.maybeDone = false;
      throw failure;
    }
  };
}
