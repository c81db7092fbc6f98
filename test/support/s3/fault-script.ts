/** Operations as the script names them. */
export type WireOperation =
  | "PutObject"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "HeadObject"
  | "GetObject"
  | "ListObjectsV2"
  | "DeleteObject"
  | "AssumeRole"
  | "GetCallerIdentity";

/**
 * What goes wrong with a request. `status`: refused with this answer, nothing done. `reset`: the connection breaks before anything
 * is done; `lost_reply`: done, then the connection breaks. `stall`: nothing is done and nobody answers; `stall_after`: done, no answer.
 * `error_in_200`: status 200 with an error document, nothing done. `done_then_500`: done, but the answer says otherwise.
 * `cut_body`: the connection breaks in the middle of the answer. `expire_sessions`: every session ends just before the request is looked at.
 */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: "reset" | "lost_reply" | "stall" | "stall_after" | "error_in_200" | "done_then_500" | "cut_body" | "expire_sessions" };

/** When a fault strikes: from the nth matching request on (the first is 1), `times` of them. */
export interface FaultRule {
  readonly operation: WireOperation;
  readonly nth?: number;
  readonly times?: number;
  readonly key?: string;
  readonly fault: Fault;
}

/** The faults still to come; each rule counts the requests that match it. */
export class FaultScript {
  #rules: { readonly rule: FaultRule; seen: number }[] = [];

  add(...rules: readonly FaultRule[]): void {
    this.#rules.push(...rules.map((rule) => ({ rule, seen: 0 })));
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault for this request, or null. Every rule that matches counts it, struck or not. */
  next(operation: WireOperation, key: string): Fault | null {
    let struck: Fault | null = null;
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.operation !== operation || (rule.key !== undefined && rule.key !== key)) continue;
      entry.seen += 1;
      const first = rule.nth ?? 1;
      if (entry.seen >= first && entry.seen < first + (rule.times ?? 1)) struck ??= rule.fault;
    }
    return struck;
  }
}
