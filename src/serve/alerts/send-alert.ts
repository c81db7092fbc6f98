import { setTimeout as sleep } from "node:timers/promises";
import type { AlertSink } from "../../core/alerts.ts";
import type { Clock } from "../../core/clock.ts";
import { SyncError } from "../../core/errors.ts";
import { resolveSecret } from "../../core/resolve-secret.ts";
import { slackBody, webhookBody } from "./alert-bodies.ts";
import type { Alert } from "./alert.ts";
import { signWebhook } from "./sign-webhook.ts";

const TRIES = 3;
/** Part of the timeout that is waited before a second try; twice that before a third. */
const FIRST_WAIT = 0.25;

interface Call {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What sending takes from the program around it. */
export interface SendOptions {
  readonly clock: Clock;
  /** Waits before another try; real time when left out. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const sleepFor = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });

/** Tells one sink, trying again where that can help; a heartbeat is called whatever the alert says. ALERT_FAILED when it did not take it. */
export async function sendAlert(
  sink: AlertSink,
  alert: Alert,
  { clock, pause = sleepFor }: SendOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const problem = await tryOnce(sink, alert, clock, signal);
    if (problem === null) return;
    signal.throwIfAborted();
    if (!problem.again || tries === TRIES) throw failed(sink, problem.text);
    await pause(sink.timeoutMs * FIRST_WAIT * 2 ** (tries - 1), signal);
  }
}

interface Problem {
  readonly text: string;
  readonly again: boolean;
}

async function tryOnce(sink: AlertSink, alert: Alert, clock: Clock, signal: AbortSignal): Promise<Problem | null> {
  // Anew for each try: a signature is only valid for some minutes, and a secret may have been exchanged.
  const url = (await resolveSecret(sink.url, signal)).reveal();
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) return { text: "its url is no http(s) address", again: false };
  const { method, headers, body } = await callOf(sink, alert, clock, signal);
  const timeout = AbortSignal.timeout(sink.timeoutMs);
  try {
    // A redirect would carry what is told to an address that nobody configured.
    const response = await fetch(url, { method, headers, body, redirect: "manual", signal: AbortSignal.any([signal, timeout]) });
    await response.body?.cancel();
    if (response.ok) return null;
    const again = response.status >= 500 || response.status === 429 || response.status === 408;
    return { text: `it answered with HTTP ${response.status}`, again };
  } catch (error) {
    if (timeout.aborted) return { text: `it gave no answer within ${sink.timeoutMs / 1000} s`, again: true };
    return { text: `it could not be reached (${causeOf(error)})`, again: true };
  }
}

async function callOf(sink: AlertSink, alert: Alert, clock: Clock, signal: AbortSignal): Promise<Call> {
  const json = { "content-type": "application/json; charset=utf-8", "user-agent": "spillway" };
  switch (sink.type) {
    case "slack":
      return { method: "POST", headers: json, body: slackBody(alert) };
    case "webhook": {
      const body = webhookBody(alert);
      const timestamp = String(Math.floor(clock.now().getTime() / 1000));
      const signature = signWebhook({ id: alert.id, timestamp, body }, await resolveSecret(sink.secret, signal));
      const signed = { "webhook-id": alert.id, "webhook-timestamp": timestamp, "webhook-signature": signature };
      return { method: "POST", headers: { ...json, ...signed }, body };
    }
    case "heartbeat":
      return { method: sink.method, headers: { "user-agent": "spillway" }, body: null };
  }
}

/** The system's word for what went wrong; never the address, which is a secret. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  const code = cause instanceof Error && "code" in cause ? cause.code : null;
  return typeof code === "string" ? code : "no connection";
}

function failed(sink: AlertSink, text: string): SyncError {
  return new SyncError("ALERT_FAILED", `The alert ${sink.name} (${sink.type}) did not arrive: ${text}.`, {
    retry: "transient",
    hint: `Look at alerts.${sink.name} in config.yaml and at what it names; \`sync doctor --only alerts\` sends a test.`,
    context: { alert: sink.name },
  });
}
