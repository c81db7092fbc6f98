import { isAws } from "./aws-endpoint.ts";
import { baseCredentials, credentialProvider, stsClientConfig } from "./credentials.ts";
import { toFailure } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";

/** The ARN that asks, before any role; null on a store that is not AWS and has no STS configured. Throws an S3Failure. */
export async function askIdentity(options: S3Options, signal: AbortSignal): Promise<string | null> {
  if (options.sts_endpoint === undefined && !isAws(options.endpoint)) return null;
  const { STSClient, GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  const sts = new STSClient({ ...stsClientConfig(options), credentials: await baseCredentials(options, signal) });
  try {
    return (await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal })).Arn ?? null;
  } catch (error) {
    signal.throwIfAborted();
    throw toFailure("AssumeRole", error);
  } finally {
    sts.destroy();
  }
}

/** Assumes the role once, with the ExternalId given here and not the one of the options. Throws an S3Failure when refused. */
export async function tryRole(options: S3Options, sessionName: string, externalId: string | undefined, signal: AbortSignal): Promise<void> {
  const closing = new AbortController();
  const both = AbortSignal.any([signal, closing.signal]);
  try {
    const provider = await credentialProvider({ ...options, external_id: externalId }, sessionName, both);
    await provider();
  } finally {
    closing.abort();
  }
}
