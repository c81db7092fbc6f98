import type { AlertSink } from "../../core/alerts.ts";
import type { Clock } from "../../core/clock.ts";
import type { Alert } from "../../serve/alerts/alert.ts";
import { newRunId } from "../run-id.ts";
import { attempt, fine, type Finding, skipped } from "./finding.ts";

/** Sends a test to each sink, or says that it would: a message that nobody asked for is not sent. */
export async function* checkAlerts(
  sinks: readonly AlertSink[],
  asked: boolean,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  for (const sink of sinks) {
    const name = { area: "alerts", subject: sink.name, check: sink.type } as const;
    if (!asked) {
      yield skipped(name, "`sync doctor --only alerts` sends a test");
      continue;
    }
    yield await attempt(name, async () => {
      const { sendAlert } = await import("../../serve/alerts/send-alert.ts");
      await sendAlert(sink, testAlert(clock), { clock }, signal);
      return fine(name, sink.type === "heartbeat" ? "called; the monitor counts it as a beat" : "took a test");
    });
  }
}

function testAlert(clock: Clock): Alert {
  return {
    id: `test.${newRunId(clock)}`,
    edge: "test",
    stream: "test",
    model: "test",
    at: clock.now().toISOString(),
    run: null,
    generation: null,
    code: null,
    title: "A test of Spillway's alerts",
    message: "Nothing happened: somebody ran `spillway doctor --only alerts`.",
    hint: "",
    link: null,
  };
}
