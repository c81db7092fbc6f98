import { z } from "zod";
import { ALERT_EDGES, type AlertSink } from "../core/alerts.ts";
import { durationSchema } from "../core/duration-schema.ts";
import { secretSchema } from "../core/secret-schema.ts";
import { Secret } from "../core/secret.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

const url = (meaning: string) =>
  secretSchema
    .refine(
      (written) => !(written instanceof Secret) || isWebAddress(written.reveal()),
      "write an address that starts with https:// or http://",
    )
    .describe(meaning);

const timeout = durationSchema("How long one try may take. Default: 10s.").optional();

const on = z
  .array(z.enum(ALERT_EDGES))
  .min(1)
  .default([...ALERT_EDGES])
  .describe(
    "What is told: failed, held, recovered (works again), late (no success for two intervals of the schedule), deviation (far from the usual number of rows). Default: all. Example: `[failed, held]`.",
  );

/** One entry of `alerts` of config.yaml. */
export const alertSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("slack").describe("A message to a Slack channel."),
    url: url("Address of the incoming webhook; it is a secret. Example: `${SLACK_URL}`."),
    on,
    timeout,
  }),
  z.strictObject({
    type: z.literal("webhook").describe("A signed POST of JSON."),
    url: url("Address that is posted to. Example: `https://alerts.example.com/spillway`."),
    secret: secretSchema.describe(
      "Key of the signature (HMAC-SHA256, Standard Webhooks): `whsec_` and base64, or any text. Example: `{file: /run/secrets/alerts}`.",
    ),
    on,
    timeout,
  }),
  z.strictObject({
    type: z.literal("heartbeat").describe("A call after every run that succeeded, for a monitor that warns when calls stay away."),
    url: url("Address that is called. Example: `${HEARTBEAT_URL}`."),
    method: z.enum(["GET", "POST"]).default("GET").describe("How it is called. Default: GET."),
    timeout,
  }),
]);

/** An alert sink as the program knows it; paths of its secrets are absolute already. */
export function compileAlert(
  name: string,
  { timeout: timeoutMs = DEFAULT_TIMEOUT_MS, ...written }: z.output<typeof alertSchema>,
): AlertSink {
  return { name, timeoutMs, ...written };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
