/** Calls of S3 and STS that this folder makes, by the SDK's names. */
export type S3Operation =
  | "PutObject"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "HeadObject"
  | "GetObject"
  | "ListObjectsV2"
  | "DeleteObject"
  | "AssumeRole";

/** What went wrong, as far as it decides what happens next. */
export type FailureKind =
  | "unreachable" // no connection, so nothing was sent
  | "network" // sent, but no answer
  | "server" // 5xx, or an error inside a 200
  | "busy" // a refusal that asks for patience: nothing was done
  | "damaged" // the bytes that arrived are not those that were announced
  | "exists" // 412: something stands at the key
  | "conflict" // 409: raced with another write
  | "missing"
  | "no_upload"
  | "no_bucket"
  | "forbidden"
  | "expired"
  | "skewed"
  | "region"
  | "acl"
  | "kms"
  | "unsupported"
  | "credentials"
  | "role"
  | "certificate"
  | "rejected";

const BY_CODE: Readonly<Record<string, FailureKind>> = {
  SlowDown: "busy",
  TooManyRequests: "busy",
  TooManyRequestsException: "busy",
  RequestLimitExceeded: "busy",
  Throttling: "busy",
  ThrottlingException: "busy",
  RequestTimeout: "busy",
  BadDigest: "damaged",
  IncompleteBody: "damaged",
  XAmzContentSHA256Mismatch: "damaged",
  XAmzContentChecksumMismatch: "damaged",
  PreconditionFailed: "exists",
  ConditionalRequestConflict: "conflict",
  OperationAborted: "conflict",
  NoSuchUpload: "no_upload",
  NoSuchBucket: "no_bucket",
  NoSuchKey: "missing",
  NotFound: "missing",
  ExpiredToken: "expired",
  ExpiredTokenException: "expired",
  TokenRefreshRequired: "expired",
  RequestTimeTooSkewed: "skewed",
  RequestExpired: "skewed",
  PermanentRedirect: "region",
  TemporaryRedirect: "region",
  AuthorizationHeaderMalformed: "region",
  IllegalLocationConstraintException: "region",
  AccessControlListNotSupported: "acl",
  NotImplemented: "unsupported",
  InvalidAccessKeyId: "credentials",
  InvalidToken: "credentials",
  InvalidClientTokenId: "credentials",
  SignatureDoesNotMatch: "credentials",
  CredentialsProviderError: "credentials",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  ECONNREFUSED: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  TokenProviderError: "credentials",
};

/** Kinds after which the same request can succeed later. */
const TRANSIENT: ReadonlySet<FailureKind> = new Set(["unreachable", "network", "server", "busy", "damaged", "skewed"]);
/** Kinds that leave open whether the server did what was asked. */
const AMBIGUOUS: ReadonlySet<FailureKind> = new Set(["network", "server"]);

/** A failed call, sorted. Lives inside this folder: the store turns it into a SyncError or an outcome. */
export class S3Failure extends Error {
  readonly kind: FailureKind;
  readonly operation: S3Operation;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** S3's own code, e.g. `AccessDenied`; empty when there was no answer. */
  readonly s3Code: string;
  readonly requestId: string;
  /** The region that the server names in a redirect. */
  readonly region: string;
  /** True when this attempt or an earlier one of the same call may have been carried out all the same. */
  maybeDone: boolean;

  constructor(operation: S3Operation, kind: FailureKind, cause: unknown) {
    const facts = readFacts(cause);
    super(facts.message, { cause });
    this.name = "S3Failure";
    this.operation = operation;
    this.kind = kind;
    this.status = facts.status;
    this.s3Code = facts.code;
    this.requestId = facts.requestId;
    this.region = facts.region;
    this.maybeDone = AMBIGUOUS.has(kind);
  }

  get transient(): boolean {
    return TRANSIENT.has(this.kind) || (this.kind === "conflict" && this.operation === "PutObject");
  }
}

/** Sorts whatever a call through the SDK threw. */
export function toFailure(operation: S3Operation, error: unknown): S3Failure {
  if (error instanceof S3Failure) return error;
  return new S3Failure(operation, kindOf(operation, readFacts(error)), error);
}

interface Facts {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
  readonly region: string;
}

function kindOf(operation: S3Operation, { status, code, message }: Facts): FailureKind {
  // The SDK's own words, without a code, when neither options nor environment name a region.
  if (message === "Region is missing") return "region";
  const known = BY_CODE[code];
  // A session that lapsed before STS was asked is the user's own: nobody here can renew it.
  if (known === "expired" && operation === "AssumeRole") return "credentials";
  if (known !== undefined) return known;
  // A HEAD has no body to name its error: 400 is how S3 tells it that a session has expired.
  if (operation === "HeadObject" && status === 400) return "expired";
  if (code.startsWith("KMS")) return "kms";
  if (status === 0) return /CERT|TLS|SSL|SIGNED|_VERIFY_/.test(code) ? "certificate" : "network";
  if (status === 412) return "exists";
  if (status === 409) return "conflict";
  if (status === 403 || status === 401) return operation === "AssumeRole" ? "role" : "forbidden";
  if (status === 404) return "missing";
  if (status === 301 || status === 307) return "region";
  if (status === 429) return "busy";
  if (status === 501) return "unsupported";
  // An error document inside a 200 (CompleteMultipartUpload) arrives as an error with status 200.
  if (status >= 500 || status < 300) return "server";
  return operation === "AssumeRole" ? "role" : "rejected";
}

/** Reads the SDK's error without its types: every vendor's field may be absent. */
function readFacts(error: unknown): Facts {
  const own = record(error);
  const metadata = record(own["$metadata"]);
  const headers = record(record(own["$response"])["headers"]);
  const code = text(own["Code"]) || text(own["name"]);
  return {
    status: typeof metadata["httpStatusCode"] === "number" ? metadata["httpStatusCode"] : 0,
    code: metadata["httpStatusCode"] === undefined && code !== "TimeoutError" ? text(own["code"]) || code : code,
    message: error instanceof Error ? error.message : String(error),
    requestId: text(metadata["requestId"]),
    region: text(headers["x-amz-bucket-region"]) || text(own["Region"]),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
