import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";

// A process of its own that answers to writers as S3 does, so that what is measured is who sends, and not who hashes and stores on the same
// processors. It holds each part to the CRC-32 that it was sent under, keeps small objects, under the conditions that they were put, and of large ones the
// size alone. Prints its endpoint; GET / tells the bytes that each key got; ends with its input.

/** Objects up to this size are kept: what runs read again, such as the claim of a destination. */
const KEPT_BYTES = 64 * 1024;

interface Kept {
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

const received = new Map<string, number>();
const kept = new Map<string, Kept>();

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
  switch (request.method) {
    case "PUT":
      return await put(pathname, request, response);
    case "POST":
      request.resume();
      return complete(searchParams.has("uploads"), response);
    case "GET":
    case "HEAD":
      return pathname === "/" ? void response.end(JSON.stringify(Object.fromEntries(received))) : get(pathname, response);
    default:
      return void response.writeHead(204).end();
  }
}

async function put(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let length = 0;
  let crc = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    crc = crc32(chunk, crc);
    if (length <= KEPT_BYTES) chunks.push(chunk);
  }
  const { headers } = request;
  const announced = headers["x-amz-checksum-crc32"];
  if (announced !== undefined && Buffer.from(String(announced), "base64").readUInt32BE() !== crc) return refuse(response, 400, "BadDigest");
  if (headers["if-none-match"] === "*" && kept.has(pathname)) return refuse(response, 412, "PreconditionFailed");
  // Framed bodies are longer than what they carry.
  received.set(pathname, (received.get(pathname) ?? 0) + Number(headers["x-amz-decoded-content-length"] ?? length));
  if (length <= KEPT_BYTES) {
    const metadata = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
    kept.set(pathname, {
      bytes: Buffer.concat(chunks),
      metadata: Object.fromEntries(metadata.map(([name, value]) => [name, String(value)])),
    });
  }
  response.writeHead(200, { etag: '"0"' }).end();
}

function get(pathname: string, response: ServerResponse): void {
  const object = kept.get(pathname);
  if (object === undefined) return refuse(response, 404, "NoSuchKey");
  response.writeHead(200, { ...object.metadata, etag: '"0"', "content-length": object.bytes.length }).end(object.bytes);
}

function complete(begins: boolean, response: ServerResponse): void {
  const [name, fields] = begins
    ? ["InitiateMultipartUploadResult", "<UploadId>1</UploadId>"]
    : ["CompleteMultipartUploadResult", '<ETag>"0-1"</ETag>'];
  response.end(`<?xml version="1.0" encoding="UTF-8"?><${name}>${fields}</${name}>`);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml" }).end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
}
