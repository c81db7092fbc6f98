import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Clock } from "../core/clock.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import { isAbort, SyncError } from "../core/errors.ts";
import type { ObjectBody } from "../core/ports.ts";
import { NO_CONDITIONS_WARNING } from "./conditional-writes.ts";
import { trustPolicy } from "./iam-policy.ts";
import { adviseOn } from "./s3-advice.ts";
import { toFailure } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";
import { openS3Store } from "./s3-store.ts";
import type { S3Store, S3StoreContext } from "./s3-store.ts";
import { askClock } from "./server-clock.ts";
import { askIdentity, tryRole } from "./sts-checks.ts";

/** What a check came to; `statement` is JSON to paste into a policy, `code` is for `sync explain`. */
export interface DoctorCheck {
  readonly name: "clock" | "identity" | "role" | "external_id" | "write" | "conditions" | "parts" | "read";
  readonly status: "ok" | "warn" | "fail" | "skipped";
  readonly detail: string;
  readonly fix: string | null;
  readonly statement: string | null;
  readonly code: ErrorCode | null;
}

/** Where the trial objects lie, below the destination's prefix: the same keys each time, so that they do not pile up. */
const TRIAL_KEY = "_spillway/doctor";
const TRIAL_PARTS_KEY = "_spillway/doctor-parts";
/** The smallest part but the last that S3 takes, and one byte. */
const TRIAL_PARTS_SIZE = 5 * 1024 * 1024 + 1;
const SKEW_WARN_MS = 60_000;
const SKEW_FAIL_MS = 10 * 60_000;

/**
 * Tries everything that a delivery will ask of S3 and STS, in the order in which things go wrong, and yields each result as it is
 * known. Leaves at most two small objects under `_spillway/`. Never throws for what it finds.
 */
export async function* examineS3(
  options: S3Options,
  context: S3StoreContext & { readonly clock: Clock },
  signal: AbortSignal,
): AsyncGenerator<DoctorCheck> {
  yield await checkClock(options, context.clock, signal);
  yield await attempt("identity", options, async () => {
    const arn = await askIdentity(options, signal);
    return arn === null ? skipped("identity", "the endpoint is not AWS and no sts_endpoint is set") : ok("identity", arn);
  });
  if (options.role_arn !== undefined) {
    const role = await checkRole(options, options.role_arn, context.sessionName, signal);
    yield role;
    if (role.status === "fail") return;
    yield await checkExternalId(options, options.role_arn, context.sessionName, signal);
  }
  const partSizes = { singlePutLimit: TRIAL_PARTS_SIZE - 1, partSize: () => TRIAL_PARTS_SIZE - 1 };
  const store = openS3Store(options, { ...context, tuning: { ...context.tuning, partSizes } });
  try {
    const write = await attempt("write", options, () => writeTrial(store, options, signal));
    yield write;
    if (write.status === "fail") return;
    yield await attempt("conditions", options, () => checkConditions(store, signal));
    yield await attempt("parts", options, () => checkParts(store, options, signal));
    yield await attempt("read", options, () => checkRead(store, signal));
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

async function checkClock(options: S3Options, clock: Clock, signal: AbortSignal): Promise<DoctorCheck> {
  const ahead = await askClock(options, clock, signal);
  if (ahead === null) return skipped("clock", "the server did not tell its time");
  const detail = `${(Math.abs(ahead) / 1000).toFixed(1)} s ${ahead < 0 ? "behind" : "ahead of"} the server`;
  if (Math.abs(ahead) < SKEW_WARN_MS) return ok("clock", detail);
  const status = Math.abs(ahead) < SKEW_FAIL_MS ? "warn" : "fail";
  return { ...ok("clock", detail), status, fix: "Set this machine's clock (NTP).", code: "DESTINATION_CLOCK_SKEW" };
}

async function checkRole(options: S3Options, role: string, sessionName: string, signal: AbortSignal): Promise<DoctorCheck> {
  const withId = options.external_id === undefined ? "without an ExternalId" : "with ExternalId";
  const check = await attempt("role", options, async () => {
    await tryRole(options, sessionName, options.external_id, signal);
    return ok("role", `${role} ${withId}`);
  });
  if (check.status !== "fail" || check.code !== "DESTINATION_ROLE_REFUSED") return check;
  const principalArn = await askIdentity(options, signal).catch(() => null);
  const trust = trustPolicy({ principalArn: principalOf(principalArn), externalId: options.external_id });
  return { ...check, statement: JSON.stringify(trust.Statement[0]) };
}

/** A role that anybody's tool can be talked into assuming protects nothing: the ExternalId has to be asked for. */
async function checkExternalId(options: S3Options, role: string, sessionName: string, signal: AbortSignal): Promise<DoctorCheck> {
  if (options.external_id === undefined) {
    const fix = "Set `external_id` and have the role's trust policy ask for it: `sync iam` prints both.";
    return { ...ok("external_id", `${role} is assumed without an ExternalId`), status: "warn", fix };
  }
  try {
    await tryRole(options, sessionName, undefined, signal);
  } catch (error) {
    signal.throwIfAborted();
    const refused = toFailure("AssumeRole", error).kind === "role";
    return refused ? ok("external_id", "the role refuses to be assumed without it") : skipped("external_id", "STS gave no clear answer");
  }
  const condition = { Condition: { StringEquals: { "sts:ExternalId": options.external_id } } };
  return {
    ...ok("external_id", `${role} can be assumed without the ExternalId`),
    status: "fail",
    fix: "Have the role's owner add the condition to its trust policy; until then others who are trusted there can be tricked into using it.",
    statement: JSON.stringify(condition),
  };
}

async function writeTrial(store: S3Store, options: S3Options, signal: AbortSignal): Promise<DoctorCheck> {
  await put(store, TRIAL_KEY, bodyOf(1), signal);
  return ok("write", `s3://${options.bucket}/${options.prefix === "" ? "" : `${options.prefix}/`}${TRIAL_KEY}`);
}

async function checkConditions(store: S3Store, signal: AbortSignal): Promise<DoctorCheck> {
  const { conditionalWrites } = await store.promises(signal);
  if (conditionalWrites === "ignored") return weak(NO_CONDITIONS_WARNING);
  const again = await store.putNew(TRIAL_KEY, bodyOf(1), null, signal);
  return again.kind === "exists" ? ok("conditions", "a second write to the same key is refused") : weak(NO_CONDITIONS_WARNING);
}

function weak(detail: string): DoctorCheck {
  const fix = "Upgrade the store to one that honours If-None-Match, or set `conditional_writes: off` to say that you know.";
  return { ...ok("conditions", detail), status: "warn", fix };
}

/** With a KMS key each part is encrypted by itself and read again: rights that one PUT does not need. */
async function checkParts(store: S3Store, options: S3Options, signal: AbortSignal): Promise<DoctorCheck> {
  if (typeof options.encryption === "string") return skipped("parts", "only tried with a KMS key");
  await put(store, TRIAL_PARTS_KEY, bodyOf(TRIAL_PARTS_SIZE), signal);
  return ok("parts", "an upload of two parts with the KMS key");
}

async function checkRead(store: S3Store, signal: AbortSignal): Promise<DoctorCheck> {
  const look = await store.head(TRIAL_KEY, signal);
  return look.kind === "forbidden"
    ? ok("read", "not allowed, and not needed: lost answers are settled from Spillway's own records")
    : ok("read", "allowed: lost answers are settled by looking");
}

async function put(store: S3Store, key: string, body: ObjectBody, signal: AbortSignal): Promise<void> {
  const outcome = await store.putNew(key, body, null, signal);
  if (outcome.kind === "unanswered") throw outcome.cause;
}

async function attempt(name: DoctorCheck["name"], options: S3Options, check: () => Promise<DoctorCheck>): Promise<DoctorCheck> {
  try {
    return await check();
  } catch (error) {
    if (isAbort(error)) throw error;
    const advice = error instanceof SyncError ? error : adviseOn(toFailure("AssumeRole", error), options, null);
    const statement = /^\{.*\}$/m.exec(advice.hint ?? "")?.[0] ?? null;
    return { name, status: "fail", detail: advice.message, fix: advice.hint, statement, code: advice.code };
  }
}

function ok(name: DoctorCheck["name"], detail: string): DoctorCheck {
  return { name, status: "ok", detail, fix: null, statement: null, code: null };
}

function skipped(name: DoctorCheck["name"], detail: string): DoctorCheck {
  return { ...ok(name, detail), status: "skipped" };
}

/** A session's ARN changes with each session; what a trust policy names is the role behind it. */
function principalOf(arn: string | null): string {
  const session = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn ?? "");
  if (session !== null) return `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
  return arn ?? "<ARN of the role or user that Spillway runs as>";
}

function bodyOf(size: number): ObjectBody {
  const bytes = Buffer.alloc(size, "spillway doctor\n");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { size, sha256, open: (start, end) => Readable.from([bytes.subarray(start, end)]) };
}
