import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

// A process of its own that answers to uploads as S3 does and keeps nothing, so that what is measured is who sends, not who checks and stores.
// Prints its endpoint; GET / tells the bytes that each key got; ends with its input.
const received = new Map<string, number>();

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })),
);
process.stdin.resume();
process.stdin.on("end", () => {
  server.closeAllConnections();
  server.close();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) length += chunk.length;
  if (request.method === "GET") return void response.end(JSON.stringify(Object.fromEntries(received)));
  if (request.method === "HEAD") return void response.writeHead(404).end();
  if (request.method === "PUT") {
    // Framed bodies are longer than what they carry.
    const carried = Number(request.headers["x-amz-decoded-content-length"] ?? length);
    received.set(pathname, (received.get(pathname) ?? 0) + carried);
    return void response.writeHead(200, { etag: '"0"' }).end();
  }
  if (request.method === "DELETE") return void response.writeHead(204).end();
  const [name, fields] = searchParams.has("uploads")
    ? ["InitiateMultipartUploadResult", "<UploadId>1</UploadId>"]
    : ["CompleteMultipartUploadResult", '<ETag>"0-1"</ETag>'];
  response.end(`<?xml version="1.0" encoding="UTF-8"?><${name}>${fields}</${name}>`);
}
