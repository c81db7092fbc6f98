import { createHmac } from "node:crypto";
import type { Secret } from "../../core/secret.ts";

/** What is signed: the id and the time stand in headers beside the body. */
export interface SignedMessage {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: string;
  readonly body: string;
}

/** The signature of a webhook by Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, as `v1,` and base64. */
export function signWebhook({ id, timestamp, body }: SignedMessage, secret: Secret): string {
  const digest = createHmac("sha256", keyOf(secret.reveal())).update(`${id}.${timestamp}.${body}`, "utf8").digest("base64");
  return `v1,${digest}`;
}

function keyOf(secret: string): Buffer {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret, "utf8");
}
