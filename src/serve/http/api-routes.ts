import { createRoute, z } from "@hono/zod-openapi";
import { answered, healthSchema, modelSchema, readinessSchema, refusedSchema, runSchema, startedSchema } from "./api-schemas.ts";

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

const refused = json(refusedSchema, "Refused; `error` says why and what to do.");
const failures = { 400: refused, 401: refused, 403: refused, 404: refused, 409: refused, 415: refused, 500: refused, 503: refused };

const runId = z
  .string()
  .regex(/^[0-9A-Za-z]{1,64}$/)
  .openapi({ description: "a run's id, or its first characters", example: "01K9ZX4T" });

const streamName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)?$/)
  .openapi({ description: "a model, or one of its streams", example: "users" });

const tags = { health: ["health"], models: ["models"], runs: ["runs"] };

/** Whether the process lives; it asks nobody else. */
export const healthRoute = createRoute({
  method: "get",
  path: "/healthz",
  tags: tags.health,
  summary: "Whether the process lives",
  security: [],
  responses: { 200: json(answered(healthSchema), "It lives.") },
});

/** Whether it can do its work. */
export const readyRoute = createRoute({
  method: "get",
  path: "/readyz",
  tags: tags.health,
  summary: "Whether the state root answers and the scheduler ticks; 503 also while it drains",
  security: [],
  responses: {
    200: json(answered(readinessSchema), "It is ready."),
    503: json(answered(readinessSchema), "It is not; `reasons` tell why."),
  },
});

/** Metrics for Prometheus. */
export const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  tags: tags.health,
  summary: "Metrics in the text format of Prometheus",
  responses: { 200: { description: "The metrics.", content: { "text/plain": { schema: z.string() } } }, 401: refused, 403: refused },
});

/** All streams. */
export const modelsRoute = createRoute({
  method: "get",
  path: "/api/models",
  tags: tags.models,
  summary: "Every stream: schedule, pause, and how it stands",
  responses: { 200: json(answered(z.object({ models: z.array(modelSchema) })), "The streams."), ...failures },
});

/** Starts a run. */
export const startRoute = createRoute({
  method: "post",
  path: "/api/models/{name}/runs",
  tags: tags.runs,
  summary: "Start a run of a model; of each stream, where it has several",
  description:
    "Answers at once; the run itself is looked up with its id. The same `Idempotency-Key` for the same stream starts one run, however often and at whichever host it is sent, so that a retried trigger is safe.",
  request: {
    params: z.object({ name: streamName }),
    headers: z.object({
      "idempotency-key": z
        .string()
        .regex(/^[\x21-\x7E]{1,255}$/)
        .optional()
        .openapi({ description: "1 to 255 printable characters that name this one request", example: "airflow-users-2026-11-23" }),
    }),
    body: { content: { "application/json": { schema: z.strictObject({}) } }, required: false },
  },
  responses: { 202: json(answered(startedSchema), "The runs are queued, or were before."), ...failures },
});

/** Runs, newest first. */
export const runsRoute = createRoute({
  method: "get",
  path: "/api/runs",
  tags: tags.runs,
  summary: "Runs, newest first",
  request: {
    query: z.object({
      stream: streamName.optional(),
      limit: z
        .string()
        .regex(/^(?:[1-9]\d{0,2}|1000)$/)
        .optional()
        .openapi({ description: "at most so many, up to 1000 (default: 20)" }),
    }),
  },
  responses: { 200: json(answered(z.object({ runs: z.array(runSchema) })), "The runs."), ...failures },
});

/** One run. */
export const runRoute = createRoute({
  method: "get",
  path: "/api/runs/{id}",
  tags: tags.runs,
  summary: "One run: phases, counts, files, error",
  request: { params: z.object({ id: runId }) },
  responses: { 200: json(answered(z.object({ run: runSchema })), "The run."), ...failures },
});

const answerRequest = {
  params: z.object({ id: runId }),
  body: {
    content: {
      "application/json": {
        schema: z.strictObject({
          by: z.string().min(1).max(200).optional().openapi({ description: "who answers, for the record", example: "anna" }),
          reason: z.string().min(1).max(2000).optional().openapi({ description: "why, for the record" }),
        }),
      },
    },
    required: false,
  },
};

/** Lets a held run be delivered. */
export const approveRoute = createRoute({
  method: "post",
  path: "/api/runs/{id}/approve",
  tags: tags.runs,
  summary: "Deliver exactly the bytes of a held run",
  description: "Answers once that is decided; the delivery goes on behind it.",
  request: answerRequest,
  responses: { 202: json(answered(z.object({ run: runSchema })), "It is decided."), ...failures },
});

/** Drops a held run. */
export const rejectRoute = createRoute({
  method: "post",
  path: "/api/runs/{id}/reject",
  tags: tags.runs,
  summary: "Drop the bytes of a held run",
  request: answerRequest,
  responses: { 200: json(answered(z.object({ run: runSchema })), "It is dropped."), ...failures },
});

/** All of them, in the order in which they are described. */
export const ROUTES = [
  modelsRoute,
  startRoute,
  runsRoute,
  runRoute,
  approveRoute,
  rejectRoute,
  healthRoute,
  readyRoute,
  metricsRoute,
] as const;
