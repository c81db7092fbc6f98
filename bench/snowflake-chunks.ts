import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";

const COLUMNS = Array.from({ length: 10 }, (_, at) => ({ name: `C${at}`, type: "text", nullable: true }));
const MOST_ROWS = 50_000;

/** A server that answers one query with ready-made chunks, so that what is measured is the client. */
export interface ChunkServer extends AsyncDisposable {
  readonly endpoint: string;
}

/** Serves `rows` rows of 10 columns, about 115 bytes of text each, in compressed chunks of a few megabytes. */
export async function serveChunks(rows: number): Promise<ChunkServer> {
  const all = chunkBody(Math.min(rows, MOST_ROWS));
  const rest = rows % MOST_ROWS === 0 ? all : chunkBody(rows % MOST_ROWS);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname.startsWith("/chunks/")) {
      const last = Number(url.pathname.slice("/chunks/".length)) + MOST_ROWS > rows;
      response.writeHead(200, { "content-type": "binary/octet-stream", "content-encoding": "gzip" }).end(last ? rest : all);
      return;
    }
    void buffer(request).then((raw) => {
      const text = (raw[0] === 0x1f ? gunzipSync(raw) : raw).toString("utf8");
      const answer = {
        data: data(url.pathname, text, `http://${request.headers.host ?? ""}`, rows),
        code: null,
        message: null,
        success: true,
      };
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify(answer));
    });
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

function data(path: string, text: string, origin: string, rows: number): object {
  if (path === "/session/v1/login-request")
    return { token: "t", masterToken: "m", validityInSeconds: 3600, masterValidityInSeconds: 14_400, parameters: [] };
  if (path !== "/queries/v1/query-request") return {};
  const { sqlText = "", describeOnly = false } = JSON.parse(text) as { readonly sqlText?: string; readonly describeOnly?: boolean };
  const isResult = !describeOnly && sqlText.startsWith("SELECT");
  const total = isResult ? rows : 0;
  const starts = Array.from({ length: Math.ceil(total / MOST_ROWS) }, (_, at) => at * MOST_ROWS);
  const chunks = starts.map((from) => ({ url: `${origin}/chunks/${from}`, rowCount: Math.min(MOST_ROWS, rows - from) }));
  return { queryId: "q", rowtype: COLUMNS, rowset: [], total, returned: total, chunks, version: 1, parameters: [] };
}

function chunkBody(count: number): Buffer {
  const row = (at: number): readonly (string | null)[] => [
    String(at),
    `user${at}@example.com`,
    "Ann-Sophie",
    "Lindqvist",
    "gold",
    `${at % 1000}.25`,
    "2024-01-02 03:04:05.123456000",
    "true",
    "DE",
    at % 3 === 0 ? null : "some note",
  ];
  return gzipSync(Array.from({ length: count }, (_, at) => JSON.stringify(row(at))).join(","), { level: 1 });
}
