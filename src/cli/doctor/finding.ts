import type { ErrorCode } from "../../core/error-codes.ts";
import { isAbort } from "../../core/errors.ts";
import { asSyncError } from "../report-error.ts";

/** What `sync doctor` looks at, in the order in which it looks. */
export const DOCTOR_AREAS = ["config", "clock", "source", "state", "destination", "alerts"] as const;
export type DoctorArea = (typeof DOCTOR_AREAS)[number];

/** What one check came to; `statement` is JSON to paste into a policy, `code` is for `sync explain`. */
export interface Finding {
  readonly area: DoctorArea;
  /** What was looked at: a source, a destination, a bucket or folder. */
  readonly subject: string;
  readonly check: string;
  readonly status: "ok" | "warn" | "fail" | "skipped";
  readonly detail: string;
  readonly fix: string | null;
  readonly statement: string | null;
  readonly code: ErrorCode | null;
}

/** What a check is called. */
export type FindingName = Pick<Finding, "area" | "subject" | "check">;

/** A check that found what it should. */
export function fine(name: FindingName, detail: string): Finding {
  return { ...name, status: "ok", detail, fix: null, statement: null, code: null };
}

/** A check that could not be made. */
export function skipped(name: FindingName, detail: string): Finding {
  return { ...fine(name, detail), status: "skipped" };
}

/** Makes a check; what it throws becomes what it found, but for an abort. */
export async function attempt(name: FindingName, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    const { message, hint, code } = asSyncError(thrown);
    const statement = /^\{.*\}$/m.exec(hint ?? "")?.[0] ?? null;
    return { ...name, status: "fail", detail: message, fix: hint, statement, code };
  }
}
