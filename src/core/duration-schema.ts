import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/u;
/** A length of time as users write it (`500ms`, `30s`, `5m`, `6h`, `2d`); the output is milliseconds, more than 0, and no more days than said (24 are as many as a timer takes). */
export function durationSchema(meaning: string, mostDays = 24): z.ZodType<number, string> {
  return z
    .string()
    .regex(DURATION, "write a duration such as 500ms, 30s, 5m or 1h")
    .describe(meaning)
    .transform((text) => {
      const [, amount = "0", unit = "s"] = DURATION.exec(text) ?? [];
      return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
    })
    .refine((ms) => ms > 0 && ms <= mostDays * UNIT_MS.d, `must be more than nothing and at most ${mostDays} days`);
}
