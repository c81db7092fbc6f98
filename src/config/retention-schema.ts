import { z } from "zod";
import { durationSchema } from "../core/duration-schema.ts";
import { DEFAULT_RETENTION, type Retention } from "../core/retention.ts";

/** A hundred years: what is longer is for ever. */
const MOST_DAYS = 36_500;
const FOREVER = "forever";
const PERIOD = /^(?:forever|[1-9]\d{0,8}(?:ms|s|m|h|d))$/u;
const duration = durationSchema("", MOST_DAYS);

/** The output is milliseconds, or `forever`. */
const period = (meaning: string): z.ZodType<number | "forever", string> =>
  z
    .string()
    .regex(PERIOD, "write a time such as 36h or 90d, or forever")
    .describe(meaning)
    .transform((text) => duration.safeParse(text).data ?? FOREVER);

/** `retention` as users write it, in config.yaml and in a model. */
export const retentionSchema = z.strictObject({
  runs: period("Records of runs (`history`, `show`); the newest of each stream stays. Default: 365d. Example: `90d`.").optional(),
  log: period(
    "Stored deltas that are folded into a base; `row`, `replay` and `verify` do not reach behind them. Default: forever. Example: `180d`.",
  ).optional(),
  staging: period("Staged bytes that nothing delivers, such as those of a `plan --out` that was never run. Default: 7d.").optional(),
  held: period("Held runs that nobody answered; they are rejected then. Default: forever. Example: `14d`.").optional(),
});

/** What is kept of a stream: the strongest last, key by key. */
export function compileRetention(...written: readonly (z.output<typeof retentionSchema> | undefined)[]): Retention {
  return written.reduce<Retention>((below, over) => {
    const of = (key: keyof Retention): number | null => {
      const value = over?.[key];
      return value === undefined ? below[key] : value === FOREVER ? null : value;
    };
    return { runs: of("runs"), log: of("log"), staging: of("staging"), held: of("held") };
  }, DEFAULT_RETENTION);
}
