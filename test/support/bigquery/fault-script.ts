/** Requests as the script names them. */
export type WireOperation = "insert" | "dryRun" | "getJob" | "getPage" | "cancel";

/**
 * What goes wrong with a request. `status`: refused with this answer, nothing done. `reset`: the connection breaks before anything is done;
 * `lost_reply`: done, then the connection breaks. `stall`: nobody answers. `not_done`: the job is said to be under way still. `job_fails`: the
 * job ends with this reason. `page`: the answer is changed before it is sent. `html`: a proxy answers.
 */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly reason?: string; readonly message?: string }
  | { readonly kind: "job_fails"; readonly reason: string; readonly message: string }
  | { readonly kind: "page"; readonly change: (page: Record<string, unknown>) => Record<string, unknown> }
  | { readonly kind: "reset" | "lost_reply" | "stall" | "not_done" | "html" };

/** When a fault strikes: from the nth matching request on (the first is 1), `times` of them. */
export interface FaultRule {
  readonly operation: WireOperation;
  readonly nth?: number;
  readonly times?: number;
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
  next(operation: WireOperation): Fault | null {
    let struck: Fault | null = null;
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.operation !== operation) continue;
      entry.seen += 1;
      const first = rule.nth ?? 1;
      if (entry.seen >= first && entry.seen < first + (rule.times ?? 1)) struck ??= rule.fault;
    }
    return struck;
  }
}
