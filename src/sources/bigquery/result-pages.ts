import { SyncError } from "../../core/errors.ts";
import type { RowTextWriter, TextRow } from "../../engine/row-text-writer.ts";
import { asAnswer, type PageAnswer, type PageRow } from "./answers.ts";
import type { BigqueryConnection } from "./bigquery-connection.ts";
import { at, type Job } from "./bigquery-job.ts";

/** Pages without a row, one after the other, after which the result counts as torn. */
const MOST_EMPTY_PAGES = 20;

/**
 * Writes all pages of a job's result and returns how many rows BigQuery says there are. Fewer, more or others than that is SOURCE_TRUNCATED.
 * The next page is on its way while one is written; an abort or a failure leaves none behind.
 */
export async function writePages(
  connection: BigqueryConnection,
  job: Job,
  width: number,
  writer: RowTextWriter,
  signal: AbortSignal,
): Promise<bigint> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  try {
    let page = await firstPage(connection, job, both);
    checkSchema(page, width);
    const total = totalOf(page);
    let empty = 0;
    for (;;) {
      const token = page.pageToken;
      const next = token === undefined || token === "" ? null : fetchPage(connection, job, token, both);
      // Its failure is heard when it is waited for.
      next?.catch(() => undefined);
      const rows = (page.rows ?? []).map(fieldsOf);
      await writer.write(rows);
      if (writer.rows > total) throw truncated(`more rows arrived than the ${total} that BigQuery counts`);
      if (next === null) break;
      empty = rows.length === 0 ? empty + 1 : 0;
      if (empty > MOST_EMPTY_PAGES) throw truncated("one page after the other holds no row");
      page = await next;
      if (totalOf(page) !== total) throw truncated("the number of its rows changed from page to page");
      if (page.pageToken === token) throw truncated("a page names itself as the next one");
    }
    if (writer.rows !== total) throw truncated(`${writer.rows} rows arrived of the ${total} that BigQuery counts`);
    return total;
  } finally {
    stop.abort();
  }
}

/** Waits until the job is done: an answer that says otherwise holds no rows, and is no end. */
async function firstPage(connection: BigqueryConnection, job: Job, signal: AbortSignal): Promise<PageAnswer> {
  for (;;) {
    const page = await fetchPage(connection, job, null, signal);
    if (page.jobComplete === true) return page;
  }
}

async function fetchPage(connection: BigqueryConnection, job: Job, token: string | null, signal: AbortSignal): Promise<PageAnswer> {
  const { pageRows, pollMs } = connection.pace;
  const query = { maxResults: pageRows, timeoutMs: pollMs, ...at(job.location), ...(token === null ? {} : { pageToken: token }) };
  const call = { method: "GET", path: `/queries/${job.id}`, query, thinksMs: pollMs } as const;
  return asAnswer(await connection.call(call, signal));
}

function totalOf(page: PageAnswer): bigint {
  if (page.totalRows === undefined || !/^\d+$/u.test(page.totalRows)) throw truncated("it does not say how many rows there are");
  return BigInt(page.totalRows);
}

function checkSchema(page: PageAnswer, width: number): void {
  const fields = page.schema?.fields ?? [];
  if (fields.length === width && fields.every((field) => field.type === "STRING" && field.mode !== "REPEATED")) return;
  throw new SyncError("INTERNAL", `BigQuery returns other columns than the ${width} texts that it was asked for.`);
}

function fieldsOf(row: PageRow): TextRow {
  if (row.f === undefined) throw truncated("a row has no fields");
  return row.f.map(({ v }) => {
    if (typeof v === "string" || v === null) return v;
    throw truncated("a field of a row is missing");
  });
}

function truncated(why: string): SyncError {
  return new SyncError("SOURCE_TRUNCATED", `The result of BigQuery is not whole: ${why}.`, {
    hint: "Nothing was delivered; run again. If it comes back, look at what lies between this machine and BigQuery.",
    retry: "transient",
  });
}
