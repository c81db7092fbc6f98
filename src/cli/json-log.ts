import { pino } from "pino";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Sink } from "./host.ts";

/** A log of JSON lines on stderr, for --log-format json. */
export function makeJsonLog(sink: Sink, clock: Clock, level: string): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${clock.now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => sink.write(line) },
  );
  return {
    phase({ phase, state, ...facts }) {
      logger[state === "progress" ? "debug" : "info"]({ event: `phase.${state}`, phase, ...facts });
    },
    note({ level: severity, event, text, facts }) {
      logger[severity]({ event, ...facts }, text);
    },
    run(event) {
      if (event.state === "started") {
        const { state: _, ...about } = event;
        // `run.started` is the scheduler's word, and comes before the run has its stream.
        logger.info({ event: "run.began", ...about });
        return;
      }
      const { state, startedAt, endedAt, code, counts, ...about } = event;
      const severity = event.status === "failed" ? "error" : event.status === "held" ? "warn" : "info";
      const ms = endedAt.getTime() - startedAt.getTime();
      logger[severity]({ event: `run.${state}`, ...about, ms, ...counts, ...(code === null ? {} : { err: { code } }) });
    },
    warn(message, about) {
      logger.warn({ event: "warning", ...about }, message);
    },
  };
}
