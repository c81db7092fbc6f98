import { randomUUID } from "node:crypto";
import { type JobAnswer, asAnswer } from "./answers.ts";
import type { ApiCall, BigqueryConnection } from "./bigquery-connection.ts";
import { BigqueryFailure, jobFailure } from "./bigquery-failure.ts";
import type { BigqueryOptions } from "./bigquery-options.ts";

/** Who a job belongs to, for BigQuery's own records. */
export interface JobOwner {
  readonly stream: string;
  readonly run: string;
}

/** A job that was started. */
export interface Job {
  readonly id: string;
  readonly location: string | null;
}

/** What BigQuery says of a query without running it. */
export async function dryRun(connection: BigqueryConnection, query: string, signal: AbortSignal): Promise<JobAnswer> {
  const { options, project } = connection;
  const jobReference = { projectId: project, ...(options.location === undefined ? {} : { location: options.location }) };
  const configuration = { dryRun: true, query: queryConfiguration(options, project, query) };
  const job = asAnswer(await connection.call({ method: "POST", path: "/jobs", body: { jobReference, configuration } }, signal));
  if (job.status?.errorResult !== undefined) throw jobFailure(job.status.errorResult);
  return job;
}

/**
 * Starts a query under an id of our own: where the answer is lost, asking again finds the job that is there instead of paying for a second.
 * `location` is where the dry run found the tables.
 */
export async function startJob(
  connection: BigqueryConnection,
  query: string,
  owner: JobOwner,
  location: string | null,
  signal: AbortSignal,
): Promise<Job> {
  const { options, project } = connection;
  const id = `spillway_${safe(owner.stream)}_${safe(owner.run)}_${randomUUID()}`;
  const jobReference = { projectId: project, jobId: id, ...(location === null ? {} : { location }) };
  const configuration = {
    query: { ...queryConfiguration(options, project, query), priority: options.priority.toUpperCase() },
    labels: { spillway_stream: label(owner.stream), spillway_run: label(owner.run), ...options.labels },
    ...(options.job_timeout === undefined ? {} : { jobTimeoutMs: String(options.job_timeout) }),
  };
  const insert: ApiCall = { method: "POST", path: "/jobs", body: { jobReference, configuration } };
  const job = await connection.call(insert, signal).then(asAnswer, async (error: unknown) => {
    if (!(error instanceof BigqueryFailure) || error.status !== 409) throw error;
    return asAnswer(await connection.call({ method: "GET", path: `/jobs/${id}`, query: at(location) }, signal));
  });
  if (job.status?.errorResult !== undefined) throw jobFailure(job.status.errorResult);
  return { id, location: job.jobReference?.location ?? location };
}

const CANCEL_WITHIN_MS = 5000;

/** Tells BigQuery to stop a job; best effort within a few seconds. What has ended is not disturbed by it. */
export async function cancelJob(connection: BigqueryConnection, job: Job): Promise<void> {
  const call: ApiCall = { method: "POST", path: `/jobs/${job.id}/cancel`, query: at(job.location) };
  await connection.call(call, AbortSignal.timeout(CANCEL_WITHIN_MS)).catch(() => null);
}

/** The query parameter that names a job's location. */
export function at(location: string | null): Readonly<Record<string, string>> {
  return location === null ? {} : { location };
}

function queryConfiguration(options: BigqueryOptions, project: string, query: string): object {
  const parts = options.dataset?.split(".") ?? [];
  const datasetId = parts.at(-1);
  const projectId = parts.length > 1 ? parts.slice(0, -1).join(".") : project;
  return {
    query,
    useLegacySql: false,
    ...(datasetId === undefined ? {} : { defaultDataset: { projectId, datasetId } }),
    ...(options.maximum_bytes_billed === undefined ? {} : { maximumBytesBilled: String(options.maximum_bytes_billed) }),
  };
}

function safe(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]/gu, "-").slice(0, 200);
}

function label(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{Ll}\p{Lo}\p{N}_-]/gu, "-")
    .slice(0, 63);
}
