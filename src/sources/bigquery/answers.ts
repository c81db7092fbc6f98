import { SyncError } from "../../core/errors.ts";
import type { SchemaField } from "./bigquery-types.ts";

/** A job as jobs.insert and jobs.get answer it, as far as this source looks at it. */
export interface JobAnswer {
  readonly jobReference?: { readonly jobId?: string; readonly location?: string };
  readonly status?: { readonly state?: string; readonly errorResult?: { readonly reason?: string; readonly message?: string } };
  readonly statistics?: {
    readonly totalBytesProcessed?: string;
    readonly query?: {
      readonly statementType?: string;
      readonly schema?: { readonly fields?: readonly SchemaField[] };
      readonly totalBytesProcessedAccuracy?: string;
    };
  };
}

/** A page of a result as getQueryResults answers it. */
export interface PageAnswer {
  readonly jobComplete?: boolean;
  readonly totalRows?: string;
  readonly pageToken?: string;
  readonly schema?: { readonly fields?: readonly SchemaField[] };
  readonly rows?: readonly PageRow[];
}

/** A row as the API writes it. */
export interface PageRow {
  readonly f?: readonly { readonly v?: unknown }[];
}

/** The answer as an object; whatever else arrives is no answer of BigQuery (a proxy's page, for example). */
export function asAnswer(body: unknown): JobAnswer & PageAnswer {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new SyncError("SOURCE_CONNECTION_LOST", "What answers at the BigQuery API's address does not speak its language.", {
    hint: "Check `api_endpoint:` of the source, and whether a proxy answers in BigQuery's place; then run again.",
    retry: "transient",
  });
}
