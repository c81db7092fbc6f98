import { randomBytes } from "node:crypto";
import type { Clock } from "../../../src/core/clock.ts";
import { WireError } from "./wire-error.ts";

/** Rights: actions on resources, both with `*` and `?`. Nothing else is allowed. */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** Keys as a client is given them. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Somebody who signs requests. */
export interface Principal extends Keys {
  readonly arn: string;
  readonly account: string;
  readonly grants: readonly Grant[];
  readonly sessionName: string | null;
  expiresAt: Date | null;
}

/** A role, what it may do, and what it asks of those who assume it. */
export interface RoleSpec {
  readonly grants: readonly Grant[];
  readonly externalId?: string;
  /** Longest session in seconds. */
  readonly maxSeconds?: number;
}

interface AssumeRequest {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId: string | null;
  readonly seconds: number;
}

/** Users, roles and sessions of the test server, and what each may do. */
export class Accounts {
  readonly #clock: Clock;
  readonly #principals = new Map<string, Principal>();
  readonly #roles = new Map<string, RoleSpec>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  addUser(name: string, grants: readonly Grant[], account = "111122223333"): Keys {
    return this.#add({ arn: `arn:aws:iam::${account}:user/${name}`, account, grants, sessionName: null, expiresAt: null }, "AKIA");
  }

  /** Returns the role's ARN. */
  addRole(name: string, role: RoleSpec, account = "444455556666"): string {
    const arn = `arn:aws:iam::${account}:role/${name}`;
    this.#roles.set(arn, role);
    return arn;
  }

  assume(caller: Principal, request: AssumeRequest): Principal {
    const role = this.#roles.get(request.roleArn);
    const trusted = role !== undefined && (role.externalId === undefined || role.externalId === request.externalId);
    if (!trusted || !isAllowed(caller, "sts:AssumeRole", request.roleArn)) throw denied(caller, "sts:AssumeRole", request.roleArn);
    if (request.seconds < 900 || request.seconds > (role.maxSeconds ?? 3600))
      throw new WireError(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    if (!/^[\w+=,.@-]{2,64}$/.test(request.sessionName)) throw new WireError(400, "ValidationError", "RoleSessionName");
    const [, , , , account = "", path = ""] = request.roleArn.split(":");
    const session = {
      arn: `arn:aws:sts::${account}:assumed-role/${path.slice("role/".length)}/${request.sessionName}`,
      account,
      grants: role.grants,
      sessionName: request.sessionName,
      expiresAt: new Date(this.#clock.now().getTime() + request.seconds * 1000),
    };
    return this.#add(session, "ASIA", randomBytes(24).toString("base64"));
  }

  /** Ends every session at once; what they sign from now on is refused as expired. */
  expireSessions(): void {
    for (const principal of this.#principals.values()) if (principal.expiresAt !== null) principal.expiresAt = new Date(0);
  }

  byKeyId(accessKeyId: string): Principal | null {
    return this.#principals.get(accessKeyId) ?? null;
  }

  isExpired(principal: Principal): boolean {
    return principal.expiresAt !== null && principal.expiresAt <= this.#clock.now();
  }

  #add(facts: Omit<Principal, keyof Keys>, mark: "AKIA" | "ASIA", sessionToken?: string): Principal {
    this.#count += 1;
    const accessKeyId = `${mark}TEST${String(this.#count).padStart(12, "0")}`;
    const keys = { accessKeyId, secretAccessKey: randomBytes(30).toString("base64") };
    const principal = { ...facts, ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) };
    this.#principals.set(accessKeyId, principal);
    return principal;
  }
}

/** True when one of the principal's grants covers the action on the resource. */
export function isAllowed(principal: Principal, action: string, resource: string): boolean {
  return principal.grants.some(
    (grant) => grant.actions.some((pattern) => matches(pattern, action)) && grant.resources.some((pattern) => matches(pattern, resource)),
  );
}

/** The refusal, worded as AWS does. */
export function denied(principal: Principal, action: string, resource: string): WireError {
  const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`;
  return new WireError(403, "AccessDenied", message);
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}
