import type { IncomingMessage } from "node:http";
import type { Principal } from "./accounts.ts";
import type { WireOperation } from "./fault-script.ts";
import { WireError } from "./wire-error.ts";

/** A request with its address taken apart; the body has not been read. */
export interface Address {
  readonly method: string;
  /** As it came, percent-encoded. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly key: string;
}

/** A request that was signed by somebody and whose body arrived whole. */
export interface Call extends Address {
  readonly operation: WireOperation;
  readonly principal: Principal;
  readonly body: Buffer;
}

/** What is sent back. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Takes the address of a path-style request apart. */
export function addressOf(request: IncomingMessage): Address {
  const [rawPath, search] = splitOnce(request.url ?? "/", "?");
  const [bucket, key] = splitOnce(rawPath.slice(1), "/");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = String(value);
  return {
    method: request.method ?? "GET",
    rawPath,
    query: new URLSearchParams(search.replaceAll("+", "%2B")),
    headers,
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key),
  };
}

/** Which operation of S3 a request is; STS is told by its form, see `stsOperationOf`. */
export function operationOf({ method, query, key, bucket }: Address): WireOperation {
  const has = (name: string): boolean => query.has(name);
  if (method === "PUT" && key !== "") return has("uploadId") ? "UploadPart" : "PutObject";
  if (method === "POST" && has("uploads")) return "CreateMultipartUpload";
  if (method === "POST" && has("uploadId")) return "CompleteMultipartUpload";
  if (method === "DELETE" && key !== "") return has("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
  if (method === "HEAD" && key !== "") return "HeadObject";
  if (method === "GET" && key !== "") return "GetObject";
  if (method === "GET" && bucket !== "" && query.get("list-type") === "2") return "ListObjectsV2";
  throw new WireError(501, "NotImplemented", `${method} with ${query.toString()} is not part of this server`);
}

/** Which operation of STS a form names. */
export function stsOperationOf(form: URLSearchParams): "AssumeRole" | "GetCallerIdentity" {
  const action = form.get("Action");
  if (action === "AssumeRole" || action === "GetCallerIdentity") return action;
  throw new WireError(400, "InvalidAction", `no action ${action ?? ""}`);
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
