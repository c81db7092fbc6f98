import { z } from "@hono/zod-openapi";

// What the HTTP interface answers with. Keys are only ever added.

const instant = z.iso.datetime();
const count = z.int().nonnegative();
/** A named schema or null; `nullable()` would make the named one itself nullable wherever it stands. */
const orNull = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]);

const errorSchema = z
  .object({
    code: z.string().openapi({ example: "RUN_NOT_FOUND" }),
    message: z.string(),
    hint: z.string().nullable(),
    docs: z.string().openapi({ example: "docs/errors.md#run_not_found" }),
  })
  .openapi("Error");

const slotSchema = z.object({ at: instant, wall: z.string(), zone: z.string() }).openapi("Slot");

/** A run; the same as `sync show --json` tells it. */
export const runSchema = z
  .object({
    run_id: z.string(),
    stream: z.string(),
    status: z.string().openapi({ description: "delivered, unchanged, held, failed, unfinished … as in `sync history`" }),
    generation: count.nullable(),
    kind: z
      .enum(["delta", "full", "checkpoint"])
      .nullable()
      .openapi({ description: "of the generation: what changed, every row, or both; null where there is none" }),
    slot: instant.nullable(),
    started_at: instant,
    ended_at: instant.nullable(),
    finished_by: z.string().nullable(),
    decision: z.object({ by: z.string(), reason: z.string().nullable(), at: instant }).optional(),
    rows: count.nullable(),
    added: count.nullable(),
    changed: count.nullable(),
    removed: count.nullable(),
    full: count.nullable(),
    unchanged: count.nullable(),
    changed_columns: z.array(z.object({ name: z.string(), rows: count })),
    files: z.array(z.object({ key: z.string(), change: z.string(), rows: count, size: count, sha256: z.string() })),
    manifest: z.string().nullable(),
    destination: z.string().nullable(),
    reading: z
      .object({ moment: z.string(), extraction: z.string() })
      .nullable()
      .openapi({ description: "of deliveries that ran together: the run whose moment was read, and the one that extracted the rows" }),
    phases: z.array(z.object({ phase: z.string(), ms: count })),
    warnings: z.array(z.string()),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  })
  .openapi("Run");
export type RunView = z.output<typeof runSchema>;

const runningSchema = z
  .object({ run_id: z.string(), trigger: z.string(), slot: orNull(slotSchema), attempt: z.int().positive() })
  .openapi("RunningRun");

/** A stream as the service sees it. */
export const modelSchema = z
  .object({
    stream: z.string(),
    model: z.string(),
    description: z.string(),
    tags: z.array(z.string()),
    enabled: z.boolean(),
    source: z.string(),
    destination: z.string(),
    schedule: z.object({ cron: z.string(), timezone: z.string(), catch_up: z.enum(["latest", "none"]) }).nullable(),
    next: orNull(slotSchema),
    pause: z.object({ since: instant, until: instant.nullable(), reason: z.string().nullable(), by: z.string() }).nullable(),
    running: orNull(runningSchema),
    pending: z.boolean(),
    retry_at: instant.nullable(),
    state: z.string().openapi({ description: "new, ok, held, failed, unfinished or retired" }),
    generation: count,
    rows: count.nullable(),
    held_run: z.string().nullable(),
    open_generation: count.nullable(),
    watermark: z.object({ up_to: instant, from: instant }).nullable().openapi({ description: "of event tables: how far they were read" }),
    last_run: orNull(runSchema),
    last_delivery: orNull(runSchema),
  })
  .openapi("Model");
export type ModelView = z.output<typeof modelSchema>;

/** How the process stands. */
export const healthSchema = z
  .object({
    started_at: instant,
    ticked_at: instant.nullable(),
    draining: z.boolean(),
    running: z.array(z.string()),
    queued: count,
  })
  .openapi("Health");

/** Whether it can do its work. */
export const readinessSchema = z.object({ ready: z.boolean(), reasons: z.array(z.string()) }).openapi("Readiness");

/** Runs that were asked for. */
export const startedSchema = z
  .object({
    runs: z.array(
      z.object({
        run_id: z.string(),
        stream: z.string(),
        repeated: z.boolean().openapi({ description: "the key was seen before, and this is the run that it started then" }),
      }),
    ),
  })
  .openapi("StartedRuns");

/** What every answer looks like: `data`, or `error`. */
export const answered = <Data extends z.ZodType>(data: Data) => z.object({ schema: z.literal(1), ok: z.literal(true), data });
export const refusedSchema = z.object({ schema: z.literal(1), ok: z.literal(false), error: errorSchema }).openapi("Refused");
