import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { errnoOf } from "../../core/durable-file.ts";
import { SyncError } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import { resolveSecret } from "../../core/resolve-secret.ts";
import type { Secret } from "../../core/secret.ts";
import type { ServeOptions } from "../../core/serve-options.ts";

const SHORTEST_TOKEN = 16;
/** What has not been answered so long after the end was asked for is cut off. */
const DRAIN_MS = 5000;

/** A server that listens; disposing it lets requests under way be answered, for some seconds. */
export interface Listening extends AsyncDisposable {
  readonly url: string;
}

/** The token that requests need. HTTP_TOKEN_MISSING where others could reach the service without one, or could guess it. */
export async function requestToken({ host, token }: Pick<ServeOptions, "host" | "token">, signal: AbortSignal): Promise<Secret | null> {
  if (token === null) {
    if (isLoopback(host)) return null;
    throw new SyncError("HTTP_TOKEN_MISSING", `"${host}" can be reached by others, and there is no token.`);
  }
  const secret = await resolveSecret(token, signal);
  if (secret.reveal().length >= SHORTEST_TOKEN) return secret;
  throw new SyncError("HTTP_TOKEN_MISSING", `The token has fewer than ${SHORTEST_TOKEN} characters.`);
}

/** Listens for HTTP. HTTP_ADDRESS_UNUSABLE when that cannot be. */
export async function listen(
  app: { readonly fetch: (request: Request) => Response | Promise<Response> },
  { host, port }: Pick<ServeOptions, "host" | "port">,
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: (request) => app.fetch(request) }) as Server;
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    const errno = errnoOf(error);
    throw new SyncError(
      "HTTP_ADDRESS_UNUSABLE",
      `The service cannot listen on ${host} port ${port}${errno === null ? "" : ` (${errno})`}.`,
      {
        cause: error,
        context: { host, port },
      },
    );
  }
  const bound = server.address() as AddressInfo;
  const shown = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return { url: `http://${shown}:${bound.port}`, [Symbol.asyncDispose]: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(cut);
}
