import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/u;
/** The longest that Node's timers take. */
const LONGEST_MS = 2 ** 31 - 1;

/** A length of time as users write it (`500ms`, `30s`, `5m`, `6h`, `2d`); the output is milliseconds, more than 0. */
export function durationSchema(meaning: string): z.ZodType<number, string> {
  return z
    .string()
    .regex(DURATION, "write a duration such as 500ms, 30s, 5m or 1h")
    .describe(meaning)
    .transform((text) => {
      const [, amount = "0", unit = "s"] = DURATION.exec(text) ?? [];
      return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
    })
    .refine((ms) => ms > 0 && ms <= LONGEST_MS, "must be more than nothing and at most 24 days");
}
