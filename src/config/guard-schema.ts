import { z } from "zod";
import type { GuardLimit, Guards } from "../core/guards.ts";

const limit = z.union([
  z.literal("off"),
  z.string().regex(/^(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?) ?%$/, "write a share such as 20%, a number of rows, or off"),
  z.int().nonnegative(),
]);

const limits = z.strictObject({
  max_removed: limit.default("20%").describe("Rows that a delta may remove: a share, a number, or off. Default: 20%. Example: `500`."),
  max_changed: limit.default("50%").describe("Rows that a delta may change: a share, a number, or off. Default: 50%."),
  max_added: limit.default("off").describe("Rows that a delta may add: a share, a number, or off. Default: off."),
  min_rows: z.int().nonnegative().default(1).describe("Rows that the result has at least, in the first run too. Default: 1."),
  above_rows: z.int().nonnegative().default(100).describe("Shares count only where so many rows were told before. Default: 100."),
  per: z
    .array(z.string().min(1))
    .default([])
    .describe("Output or key columns each of whose values is guarded by itself as well. Example: `[_audience]`."),
  held: z
    .enum(["supersede", "wait"])
    .default("supersede")
    .describe("What the next run does with a held one. supersede: takes its place. wait: stops until it is answered. Default: supersede."),
});

/** `guards` of a model as users write it. */
export const guardsSchema = z.union([z.literal("off"), limits]);

/** The guards of a stream; null when they are off. */
export function compileGuards(written: z.output<typeof guardsSchema>): Guards | null {
  if (written === "off") return null;
  return {
    maxRemoved: limitOf(written.max_removed),
    maxChanged: limitOf(written.max_changed),
    maxAdded: limitOf(written.max_added),
    minRows: written.min_rows,
    aboveRows: written.above_rows,
    per: written.per,
    held: written.held,
  };
}

function limitOf(written: string | number): GuardLimit | null {
  if (typeof written === "number") return { rows: written };
  return written === "off" ? null : { percent: Number(written.replace("%", "").trim()) };
}
