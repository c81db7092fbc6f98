import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

const COLUMNS = 10;
const FIELDS = Array.from({ length: COLUMNS }, (_, at) => ({ name: `c${at}`, type: "STRING", mode: "NULLABLE" }));
const MOST_ROWS = 10_000;

/** A server that answers one query with ready-made pages, so that what is measured is the client. */
export interface PageServer extends AsyncDisposable {
  readonly endpoint: string;
}

/** Serves `rows` rows of 10 columns, about 115 bytes of text each, in pages as BigQuery would cut them. */
export async function servePages(rows: number): Promise<PageServer> {
  const all = pageBody(MOST_ROWS);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("content-type", "application/json; charset=UTF-8");
    if (!url.pathname.includes("/queries/")) {
      void json(request).then((body) => response.end(JSON.stringify(job(body))));
      return;
    }
    const start = Number(url.searchParams.get("pageToken") ?? "0");
    const count = Math.min(Number(url.searchParams.get("maxResults") ?? MOST_ROWS), MOST_ROWS, rows - start);
    const next = start + count < rows ? { pageToken: String(start + count) } : {};
    const head = JSON.stringify({ jobComplete: true, totalRows: String(rows), schema: { fields: FIELDS }, ...next });
    response.end(`${head.slice(0, -1)},"rows":[${count === MOST_ROWS ? all : pageBody(count)}]}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function job(body: unknown): object {
  const { jobReference } = body as { readonly jobReference: object };
  const query = { statementType: "SELECT", schema: { fields: FIELDS } };
  return { jobReference: { ...jobReference, location: "US" }, status: { state: "DONE" }, statistics: { totalBytesProcessed: "0", query } };
}

function pageBody(count: number): string {
  const row = (at: number): object => {
    const texts = [
      String(at),
      `user${at}@example.com`,
      "Ann-Sophie",
      "Lindqvist",
      "gold",
      `${at % 1000}.25`,
      "2024-01-02 03:04:05.123456+00",
      "true",
      "DE",
      "some note",
    ];
    return { f: texts.map((v, column) => ({ v: column === 9 && at % 3 === 0 ? null : v })) };
  };
  return Array.from({ length: count }, (_, at) => JSON.stringify(row(at))).join(",");
}
