import type { MiddlewareStack } from "@smithy/types";

/** How the bytes of a request are vouched for. */
export interface PayloadHeaders {
  /** Lower-case hex: goes into the signature, so that the server refuses other bytes. */
  readonly sha256?: string;
  /** Wait for the server's consent before the body goes out; costs a connection of its own. */
  readonly askFirst: boolean;
}

/**
 * Signs the command with a hash that is already known, which the SDK would not do for a stream, and decides about
 * `Expect: 100-continue`: the SDK opens a new connection for each such request, too dear for every part of an upload.
 */
export function setPayloadHeaders<Input extends object, Output extends object>(
  command: { readonly middlewareStack: MiddlewareStack<Input, Output> },
  payload: PayloadHeaders,
): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const headers = headersOf(args.request);
      if (payload.sha256 !== undefined) headers["x-amz-content-sha256"] = payload.sha256;
      if (!payload.askFirst) delete headers["Expect"];
      return next(args);
    },
    { step: "build", priority: "low", name: "spillwayPayloadHeaders" },
  );
}

function headersOf(request: unknown): Record<string, string> {
  return (request as { headers: Record<string, string> }).headers;
}
