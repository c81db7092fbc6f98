import type { Clock } from "../core/clock.ts";
import type { S3Options } from "./s3-options.ts";

/** How many milliseconds this machine is ahead of the server, or null when it does not tell; asked without a signature. */
export async function askClock(
  options: Pick<S3Options, "endpoint" | "region" | "timeouts">,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | null> {
  const url = options.endpoint ?? `https://s3.${options.region ?? "us-east-1"}.amazonaws.com`;
  try {
    const answer = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeouts.idle)]),
    });
    const told = Date.parse(answer.headers.get("date") ?? "");
    return Number.isNaN(told) ? null : clock.now().getTime() - told;
  } catch {
    signal.throwIfAborted();
    // Whether the server can be reached at all is another check's question.
    return null;
  }
}
