import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { SyncError } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import type { Secret } from "../../core/secret.ts";
import { errorAnswer } from "./error-answer.ts";

/** Whoever probes must not need a secret: these tell nothing but that the process lives. */
const OPEN_PATHS = new Set(["/healthz", "/readyz"]);

/**
 * Lets in who may ask. With a token, only who brings it. Without one the service listens on loopback alone, and what reaches it there
 * may still be a page in a browser: the name that it was called by must be loopback's own (no DNS rebinding).
 * What changes something must be JSON and come from no other site, which no form and no foreign page can send.
 */
export function requestGuard(token: Secret | null): MiddlewareHandler {
  const expected = token === null ? null : digest(`Bearer ${token.reveal()}`);
  return async (context, next) => {
    const { req } = context;
    if (OPEN_PATHS.has(req.path)) return next();
    if (expected !== null && !timingSafeEqual(expected, digest(req.header("authorization") ?? ""))) {
      context.header("www-authenticate", 'Bearer realm="spillway"');
      return errorAnswer(context, unauthorized());
    }
    const host = req.header("host") ?? "";
    if (expected === null && !isLoopback(nameOf(host))) return errorAnswer(context, wrongHost());
    if (req.method === "GET" || req.method === "HEAD") return next();
    if (comesFromElsewhere(req.header("origin"), req.header("sec-fetch-site"), host)) return errorAnswer(context, foreignSite());
    if (!/^application\/json\s*(?:;|$)/i.test(req.header("content-type") ?? "")) return errorAnswer(context, notJson(), 415);
    return next();
  };
}

/** Hashes are of one length, whatever was sent, so that their comparison takes the same time. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, "");
}

function comesFromElsewhere(origin: string | undefined, site: string | undefined, host: string): boolean {
  if (site === "cross-site" || site === "same-site") return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function unauthorized(): SyncError {
  return new SyncError("HTTP_UNAUTHORIZED", "The request brings no valid token.", {
    hint: "Send the token of serve.token as `Authorization: Bearer TOKEN`.",
  });
}

function wrongHost(): SyncError {
  return new SyncError("HTTP_FORBIDDEN", "Without a token the service answers only to localhost, 127.0.0.1 and [::1].", {
    hint: "Call it by one of these names, or set serve.token.",
  });
}

function foreignSite(): SyncError {
  return new SyncError("HTTP_FORBIDDEN", "The request comes from a page of another site.", {
    hint: "Call the service from a program, not from a page.",
  });
}

function notJson(): SyncError {
  return new SyncError("HTTP_INVALID", "A POST needs `Content-Type: application/json`.", {
    hint: "Send that header, with `{}` as the body where there is nothing to say.",
  });
}
