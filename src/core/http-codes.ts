import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of the HTTP interface of `sync serve`, alphabetical; part of ERROR_CODES. */
export const HTTP_CODES = {
  HTTP_ADDRESS_UNUSABLE: entry(
    EXIT.usage,
    "`sync serve` cannot listen where it was told to: another program does, or the address is not this machine's.",
    "Stop the other program, or name another address with `serve.host` and `serve.port`.",
  ),
  HTTP_FORBIDDEN: entry(
    EXIT.usage,
    "A request came from a page of another site, or called the service by a name that is not this machine's own. Nothing was done.",
    "Call the service as localhost from a program; for other names set `serve.token` and send it.",
  ),
  HTTP_INVALID: entry(
    EXIT.usage,
    "A request is not as the HTTP interface describes it. Nothing was done.",
    "Compare it with schema/openapi.json; a POST is JSON, with `Content-Type: application/json`.",
  ),
  HTTP_NOT_FOUND: entry(
    EXIT.usage,
    "The HTTP interface has nothing at that path.",
    "The paths stand in docs/serve.md and schema/openapi.json.",
  ),
  HTTP_TOKEN_MISSING: entry(
    EXIT.usage,
    "`sync serve` is to listen where others can reach it, and nobody would have to say who he is; or the token could be guessed.",
    "Set `serve.token` to 16 characters or more, e.g. `token: {file: /run/secrets/spillway}`; or listen on 127.0.0.1.",
  ),
  HTTP_UNAUTHORIZED: entry(
    EXIT.usage,
    "A request brought no token, or another than `serve.token`. Nothing was done.",
    "Send `Authorization: Bearer TOKEN`.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
