import { describe, expect, it } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import type { S3Store } from "../../src/s3/s3-store.ts";
import type { Fault, WireOperation } from "../support/s3/fault-script.ts";
import { ALL_RIGHTS, ALWAYS, bodyOf, factsOf, s3Fixture, someBytes } from "../support/s3/s3-fixture.ts";
import type { S3Fixture } from "../support/s3/s3-fixture.ts";

const FAULTS: Readonly<Record<string, Fault>> = {
  "500": { kind: "status", status: 500, code: "InternalError" },
  "503 SlowDown": { kind: "status", status: 503, code: "SlowDown" },
  "403": { kind: "status", status: 403, code: "AccessDenied" },
  timeout: { kind: "stall" },
  reset: { kind: "reset" },
  "lost reply": { kind: "lost_reply" },
  "timeout after the work": { kind: "stall_after" },
  "500 after the work": { kind: "done_then_500" },
  "error in a 200": { kind: "error_in_200" },
};
const WRITES = ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] as const;
const MAX_ATTEMPTS = 3;
const SMALL_BODY = bodyOf(someBytes(2_000));
const LARGE_BODY = bodyOf(someBytes(200_000));
const KEY = "users-000007-added.csv";

function faultNamed(name: string): Fault {
  const fault = FAULTS[name];
  if (fault === undefined) throw new Error(`no fault ${name}`);
  return fault;
}

/** What the write came to, in words. */
async function attempt(store: S3Store, operation: WireOperation): Promise<string> {
  const body = operation === "PutObject" ? SMALL_BODY : LARGE_BODY;
  try {
    const outcome = await store.putNew(KEY, body, factsOf(body), ALWAYS);
    return outcome.kind === "exists" && outcome.afterUnanswered ? "exists, maybe ours" : outcome.kind;
  } catch (error) {
    if (error instanceof SyncError) return error.code;
    throw error;
  }
}

/** A fixture that knows already that conditions are honoured, so that no probe meets the script. */
async function ready(fault: Fault): Promise<S3Fixture> {
  const silent = fault.kind === "stall" || fault.kind === "stall_after";
  const s3 = await s3Fixture({ grants: ALL_RIGHTS, changes: { timeouts: { connect: "10s", idle: silent ? "400ms" : "20s" } } });
  await s3.store.promises(ALWAYS);
  return s3;
}

/** Whether the operation, done, leaves an object; the others leave parts at most. */
function makesObject(operation: WireOperation): boolean {
  return operation === "PutObject" || operation === "CompleteMultipartUpload";
}

/** Whether the fault hides that the work was done. */
function hidesWork(fault: Fault): boolean {
  return ["lost_reply", "stall_after", "done_then_500"].includes(fault.kind);
}

/** What one fault on the first try comes to: work that was done unseen is met again by its retry. */
function afterOneFault(operation: WireOperation, fault: Fault): string {
  if (isRefusal(fault)) return "DESTINATION_ACCESS_DENIED";
  return hidesWork(fault) && makesObject(operation) ? "exists, maybe ours" : "created";
}

/** What the fault on every try comes to; only a request that makes an object can leave open whether it did. */
function afterEveryFault(operation: WireOperation, fault: Fault): string {
  if (isRefusal(fault)) return "DESTINATION_ACCESS_DENIED";
  if (!makesObject(operation) || (fault.kind === "status" && fault.code === "SlowDown")) return "DESTINATION_UNAVAILABLE";
  return hidesWork(fault) ? "exists, maybe ours" : "unanswered";
}

function isRefusal(fault: Fault): boolean {
  return fault.kind === "status" && fault.status === 403;
}

/** Uploads that nobody can abort, for nobody was told their id. */
function orphans(operation: WireOperation, fault: Fault): number {
  return operation === "CreateMultipartUpload" && hidesWork(fault) ? 1 : 0;
}

function commitsOf(s3: S3Fixture): readonly string[] {
  return s3.server.buckets.commits.filter(({ key }) => key === `in/${KEY}`).map(({ sha256 }) => sha256);
}

describe.each(WRITES)("a fault in %s", (operation) => {
  const sha256 = (operation === "PutObject" ? SMALL_BODY : LARGE_BODY).sha256;
  const names = Object.keys(FAULTS).filter((name) => name !== "error in a 200" || operation === "CompleteMultipartUpload");

  it.concurrent.each(names)("on the first try leaves one version with the right bytes, or a clear stop: %s", async (name) => {
    const fault = faultNamed(name);
    await using s3 = await ready(fault);
    s3.server.faults.add({ operation, fault });
    expect(await attempt(s3.store, operation)).toBe(afterOneFault(operation, fault));
    expect(commitsOf(s3)).toEqual(isRefusal(fault) ? [] : [sha256]);
    expect(s3.server.buckets.uploads.size).toBe(orphans(operation, fault));
  });

  it.concurrent.each(names)("on every try stops clearly, and the next call settles it: %s", async (name) => {
    const fault = faultNamed(name);
    await using s3 = await ready(fault);
    s3.server.faults.add({ operation, times: 1000, fault });
    expect(await attempt(s3.store, operation)).toBe(afterEveryFault(operation, fault));
    s3.server.faults.clear();
    const stands = commitsOf(s3).length === 1;
    expect(await attempt(s3.store, operation)).toBe(stands ? "exists" : "created");
    expect(commitsOf(s3)).toEqual([sha256]);
    expect(await s3.store.head(KEY, ALWAYS)).toMatchObject({ kind: "found", facts: { sha256 } });
  });

  it.concurrent("is tried as often as max_attempts says and no more", async () => {
    await using s3 = await ready(faultNamed("500"));
    const before = s3.server.count(operation);
    s3.server.faults.add({ operation, times: 1000, fault: { kind: "status", status: 503, code: "SlowDown" } });
    expect(await attempt(s3.store, operation)).toBe("DESTINATION_UNAVAILABLE");
    // Parts go out side by side: those that were on their way when the first one gave up have been tried as well.
    const tries = s3.server.count(operation) - before;
    expect(tries).toBeGreaterThanOrEqual(MAX_ATTEMPTS);
    expect(tries).toBeLessThanOrEqual(operation === "UploadPart" ? 4 * MAX_ATTEMPTS : MAX_ATTEMPTS);
  });
});

describe("a fault in HeadObject", () => {
  it.concurrent.each(Object.keys(FAULTS).filter((name) => name !== "error in a 200"))(
    "on the first try is outlived, or means forbidden: %s",
    async (name) => {
      const fault = faultNamed(name);
      await using s3 = await ready(fault);
      await attempt(s3.store, "PutObject");
      s3.server.faults.add({ operation: "HeadObject", fault });
      const kind = name === "403" ? "forbidden" : "found";
      expect(await s3.store.head(KEY, ALWAYS)).toMatchObject({ kind });
    },
  );

  it.concurrent.each(["500", "503 SlowDown", "timeout", "reset"])("on every try says that the store is unavailable: %s", async (name) => {
    const fault = faultNamed(name);
    await using s3 = await ready(fault);
    s3.server.faults.add({ operation: "HeadObject", times: 1000, fault });
    await expect(s3.store.head(KEY, ALWAYS)).rejects.toMatchObject({ code: "DESTINATION_UNAVAILABLE", retry: "transient" });
  });
});
