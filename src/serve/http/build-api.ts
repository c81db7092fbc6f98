import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { SyncError } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import type { Metrics } from "../metrics/open-metrics.ts";
import type { ServiceControl, StartedRun } from "../ports.ts";
import * as routes from "./api-routes.ts";
import { errorAnswer } from "./error-answer.ts";
import { requestGuard } from "./request-guard.ts";
import { modelView, runView } from "./run-view.ts";

const MOST_BYTES = 64 * 1024;
const DEFAULT_LIMIT = 20;

/** A signal for one request: listeners of many at once on a shared one would look like a leak to Node. */
function own(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal]);
}

/** What stands behind the HTTP interface. */
export interface ApiOptions {
  readonly control: ServiceControl;
  readonly metrics: Pick<Metrics, "text" | "contentType">;
  readonly token: Secret | null;
  /** Ends what requests have begun when the service ends. */
  readonly signal: AbortSignal;
  /** Told of errors that nobody foresaw. */
  readonly failed: (error: unknown) => void;
}

/** The HTTP interface of the service. */
export function buildApi(options: ApiOptions): OpenAPIHono {
  const { token, failed } = options;
  const app = new OpenAPIHono({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const issue = result.error.issues[0];
      const at = issue?.path.join(".") ?? "";
      const what = `${at === "" ? "The request" : `\`${at}\``} is not as it should be: ${issue?.message ?? "invalid"}.`;
      return errorAnswer(context, new SyncError("HTTP_INVALID", what));
    },
  });
  app.use(requestGuard(token));
  const tooLarge = new SyncError("HTTP_INVALID", `A request may have ${MOST_BYTES / 1024} KiB at most.`);
  app.use(bodyLimit({ maxSize: MOST_BYTES, onError: (context) => errorAnswer(context, tooLarge) }));
  app.notFound((context) =>
    errorAnswer(context, new SyncError("HTTP_NOT_FOUND", `There is no ${context.req.method} ${context.req.path}.`)),
  );
  app.onError((error, context) => {
    if (isMalformed(error))
      return errorAnswer(
        context,
        new SyncError("HTTP_INVALID", "The body is no JSON.", { hint: "Send `{}` where there is nothing to say." }),
      );
    if (!(error instanceof SyncError) || error.code === "INTERNAL") failed(error);
    return errorAnswer(context, error);
  });
  addProbes(app, options);
  addReaders(app, options);
  addActions(app, options);
  return app;
}

function addProbes(app: OpenAPIHono, { control, metrics, signal }: ApiOptions): void {
  app.openapi(routes.healthRoute, (context) => {
    const { startedAt, tickedAt, draining, running, queued } = control.health();
    const data = {
      started_at: startedAt.toISOString(),
      ticked_at: tickedAt?.toISOString() ?? null,
      draining,
      running: running.map(({ run }) => run),
      queued,
    };
    return context.json({ schema: 1 as const, ok: true as const, data }, 200);
  });
  app.openapi(routes.readyRoute, async (context) => {
    const { ready, reasons } = await control.readiness(own(signal));
    const { draining } = control.health();
    const told = [...new Set([...reasons, ...(draining ? ["the service is stopping"] : [])])];
    const data = { ready: ready && !draining, reasons: told };
    return context.json({ schema: 1 as const, ok: true as const, data }, data.ready ? 200 : 503);
  });
  app.openapi(routes.metricsRoute, async (context) => {
    return context.text(await metrics.text(own(signal)), 200, { "content-type": metrics.contentType });
  });
}

function addReaders(app: OpenAPIHono, { control, signal }: ApiOptions): void {
  app.openapi(routes.modelsRoute, async (context) => {
    const models = (await control.models(own(signal))).map(modelView);
    return context.json({ schema: 1 as const, ok: true as const, data: { models } }, 200);
  });
  app.openapi(routes.runsRoute, async (context) => {
    const { stream, limit } = context.req.valid("query");
    const streams = stream === undefined ? null : await streamsOf(control, stream, own(signal));
    const runs = await control.runs({ streams, limit: limit === undefined ? DEFAULT_LIMIT : Number(limit) }, own(signal));
    return context.json({ schema: 1 as const, ok: true as const, data: { runs: runs.map(runView) } }, 200);
  });
  app.openapi(routes.runRoute, async (context) => {
    const run = runView(await control.run(context.req.valid("param").id, own(signal)));
    return context.json({ schema: 1 as const, ok: true as const, data: { run } }, 200);
  });
}

function addActions(app: OpenAPIHono, { control, signal }: ApiOptions): void {
  app.openapi(routes.startRoute, async (context) => {
    const key = context.req.valid("header")["idempotency-key"] ?? null;
    const started = await start(control, context.req.valid("param").name, key, own(signal));
    const runs = started.map(({ run, stream, repeated }) => ({ run_id: run, stream, repeated }));
    return context.json({ schema: 1 as const, ok: true as const, data: { runs } }, 202);
  });
  app.openapi(routes.approveRoute, async (context) => {
    const { by = "api", reason = null } = context.req.valid("json");
    const run = await control.approve(context.req.valid("param").id, { by, reason }, own(signal));
    return context.json({ schema: 1 as const, ok: true as const, data: { run: runView(run) } }, 202);
  });
  app.openapi(routes.rejectRoute, async (context) => {
    const { by = "api", reason = null } = context.req.valid("json");
    const run = await control.reject(context.req.valid("param").id, { by, reason }, own(signal));
    return context.json({ schema: 1 as const, ok: true as const, data: { run: runView(run) } }, 200);
  });
}

/** Starts the stream of a name or, where that is a model with several, each of them. */
async function start(control: ServiceControl, name: string, key: string | null, signal: AbortSignal): Promise<readonly StartedRun[]> {
  try {
    return [await control.start({ stream: name, idempotencyKey: key }, signal)];
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== "STREAM_UNKNOWN") throw error;
    const started: StartedRun[] = [];
    for (const stream of await streamsOf(control, name, signal)) started.push(await control.start({ stream, idempotencyKey: key }, signal));
    if (started.length === 0) throw error;
    return started;
  }
}

async function streamsOf(control: ServiceControl, name: string, signal: AbortSignal): Promise<readonly string[]> {
  const models = await control.models(signal);
  return models.filter(({ stream, model }) => stream === name || model === name).map(({ stream }) => stream);
}

/** Hono's own error about a body that does not parse. */
function isMalformed(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 400;
}
