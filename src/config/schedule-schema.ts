import { z } from "zod";
import type { CheckpointSchedule, Schedule } from "../core/types.ts";

const cron = z.string().min(1);

const spelledOut = z.strictObject({
  cron: cron.describe("Minute, hour, day, month, weekday; seconds before them if need be. Example: `0 6 * * *`."),
  timezone: z.string().min(1).default("UTC").describe("Zone whose clocks the expression means. Default: UTC. Example: `Europe/Berlin`."),
  catch_up: z
    .enum(["latest", "none"])
    .default("latest")
    .describe(
      "Slots that came due while nothing could run. latest: the newest is run late. none: the next one is waited for. Default: latest.",
    ),
});

/** `schedule` of a model as users write it. */
export const scheduleSchema = z.union([cron, spelledOut]);

/** The schedule of a stream, defaults filled in. */
export function compileSchedule(written: z.output<typeof scheduleSchema>): Schedule {
  if (typeof written === "string") return { cron: written, timezone: "UTC", catchUp: "latest" };
  return { cron: written.cron, timezone: written.timezone, catchUp: written.catch_up };
}

/** `checkpoint` of a model as users write it. */
export const checkpointSchema = z.union([
  cron,
  z.strictObject({
    cron: cron.describe("As in schedule. Example: `0 6 * * 1`."),
    timezone: z
      .string()
      .min(1)
      .optional()
      .describe("Zone whose clocks the expression means. Default: that of the schedule, or UTC. Example: `Europe/Berlin`."),
  }),
]);

/** The slots of a stream's checkpoints; they go by the clocks that its schedule goes by, unless they name their own. */
export function compileCheckpoint(
  written: z.output<typeof checkpointSchema>,
  schedule: z.output<typeof scheduleSchema> | undefined,
): CheckpointSchedule {
  const { cron: expression, timezone }: { readonly cron: string; readonly timezone?: string | undefined } =
    typeof written === "string" ? { cron: written } : written;
  const ofSchedule = schedule === undefined ? "UTC" : compileSchedule(schedule).timezone;
  return { cron: expression, timezone: timezone ?? ofSchedule };
}
