import { z } from "zod";
import type { Cursor } from "../core/cursor.ts";
import { durationSchema } from "../core/duration-schema.ts";

const HOUR_MS = 3_600_000;

/** `cursor` of a model as users write it. */
export const cursorSchema = z.strictObject({
  column: z
    .string()
    .min(1)
    .describe("Column of the result that tells when a row came: a date or timestamp; without zone it holds UTC. Example: `received_at`."),
  start: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], { error: "write a date or an instant with its zone" })
    .optional()
    .describe("Rows before it are never read. Default: none, the first run reads all. Example: `2026-01-01`, `2026-01-01T00:00:00Z`."),
  lag: durationSchema("Rows younger than this are left to a later run. Default: none. Example: `5m`.", 365).optional(),
  overlap: durationSchema(
    "How late a row may turn up and still be delivered: so far back each run reads again. Default: 1h. Example: `6h`.",
    365,
  ).optional(),
});

/** The cursor of an event table. */
export function compileCursor(written: z.output<typeof cursorSchema>): Cursor {
  return {
    column: written.column,
    start: written.start === undefined ? null : new Date(written.start).toISOString(),
    lagMs: written.lag ?? 0,
    overlapMs: written.overlap ?? HOUR_MS,
  };
}
