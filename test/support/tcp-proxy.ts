import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What a proxy does to the connections that it carries, from the server's side of view. */
export type ProxyFault =
  | { readonly kind: "none" }
  /** Cuts the connection with a TCP reset once this many bytes have come from the server. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** Says goodbye to the client (FIN) after this many bytes, as a proxy that restarts does. */
  | { readonly kind: "end"; readonly afterBytes: number }
  /** Lets nothing more through after this many bytes, in either direction, without a word. */
  | { readonly kind: "blackhole"; readonly afterBytes: number };

/** A TCP proxy on a free port of the loopback. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** What happens to connections from now on; `connections` is how many of them are hit (the first ones), all unless told. */
  fault(fault: ProxyFault, connections?: number): void;
}

/** Starts a proxy to a port of the loopback. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let fault: ProxyFault = { kind: "none" };
  let left = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const applied: ProxyFault = left > 0 ? fault : { kind: "none" };
    left -= 1;
    const upstream = connect(targetPort, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        if (applied.kind === "blackhole") return;
        client.destroy();
        upstream.destroy();
      });
    }
    carry(client, upstream, applied);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    fault: (next, connections = Number.MAX_SAFE_INTEGER) => {
      fault = next;
      left = connections;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function carry(client: Socket, upstream: Socket, fault: ProxyFault): void {
  let bytes = 0;
  client.pipe(upstream);
  upstream.on("data", (chunk: Buffer) => {
    const room = fault.kind === "none" ? chunk.length : Math.max(0, fault.afterBytes - bytes);
    bytes += chunk.length;
    if (!client.write(chunk.subarray(0, room))) {
      upstream.pause();
      client.once("drain", () => {
        if (room === chunk.length) upstream.resume();
      });
    }
    if (room < chunk.length) strike(client, upstream, fault.kind);
  });
  upstream.on("end", () => client.end());
}

function strike(client: Socket, upstream: Socket, kind: ProxyFault["kind"]): void {
  if (kind === "reset") client.resetAndDestroy();
  if (kind === "end") client.end();
  if (kind === "blackhole") {
    client.unpipe(upstream);
    client.pause();
    upstream.pause();
    upstream.removeAllListeners("data");
  }
}
