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
    warn(message) {
      logger.warn({ event: "warning" }, message);
    },
  };
}
