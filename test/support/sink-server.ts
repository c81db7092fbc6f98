import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request that a sink got. */
export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A place that alerts or traces are sent to. */
export interface SinkServer extends AsyncDisposable {
  readonly url: string;
  readonly heard: readonly Heard[];
  /** Status of the answers from now on; `silence`: requests are taken and never answered. */
  answer: number | "silence";
  /** Settles when so many requests were heard. */
  hears(count: number): Promise<void>;
}

/** Starts such a place on a free port. */
export async function sinkServer(answer: number | "silence" = 200): Promise<SinkServer> {
  const heard: Heard[] = [];
  const waiting: { readonly count: number; readonly done: () => void }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { method = "", url: path = "", headers } = request;
      heard.push({ method, path, headers, body: await text(request) });
      for (const { done } of waiting.filter(({ count }) => count <= heard.length)) done();
      if (sink.answer !== "silence") response.writeHead(sink.answer).end("ok");
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sink: SinkServer = {
    url: `http://127.0.0.1:${port}/hook`,
    heard,
    answer,
    hears: async (count) => {
      if (heard.length < count) await new Promise<void>((done) => waiting.push({ count, done }));
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return sink;
}
