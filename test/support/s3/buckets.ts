import type { Clock } from "../../../src/core/clock.ts";
import { sha256Hex } from "./checksums.ts";
import { WireError } from "./wire-error.ts";

/** An object as it stands. */
export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Headers of the checksum and of how it is kept (encryption, storage class), as HEAD shows them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: string;
  readonly modified: Date;
}

/** One write that became an object: what a history checker reads. */
export interface Commit {
  readonly operation: "PutObject" | "CompleteMultipartUpload";
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
  readonly parts: number;
  readonly principal: string;
}

/** An upload in progress. */
export interface PendingUpload {
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string; readonly checksum: string | null }>;
}

/** A bucket and how its owner set it up. */
export interface BucketSpec {
  readonly owner?: string;
  /** false (as S3 makes buckets since 2023): bucket owner enforced, ACLs are refused. */
  readonly acls?: boolean;
  /** ARNs of the KMS keys that exist. */
  readonly kmsKeys?: Readonly<Record<string, "enabled" | "disabled">>;
  /** When it stands elsewhere: every request is redirected. */
  readonly region?: string;
}

/** A bucket with what it holds. */
export interface Bucket {
  readonly spec: BucketSpec;
  readonly objects: Map<string, StoredObject>;
}

/** All that the server keeps. */
export class Buckets {
  readonly uploads = new Map<string, PendingUpload>();
  readonly commits: Commit[] = [];
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(name: string, spec: BucketSpec = {}): void {
    this.#buckets.set(name, { spec, objects: new Map() });
  }

  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined)
      throw new WireError(404, "NoSuchBucket", "The specified bucket does not exist", { fields: { BucketName: name } });
    return bucket;
  }

  commit(write: Omit<Commit, "size" | "sha256">, object: Omit<StoredObject, "modified">): void {
    const { bytes } = object;
    this.get(write.bucket).objects.set(write.key, { ...object, modified: this.#clock.now() });
    this.commits.push({ ...write, size: bytes.length, sha256: sha256Hex(bytes) });
  }
}

/** Holds a write to its If-None-Match and If-Match headers. */
export function checkConditions(headers: Readonly<Record<string, string>>, standing: StoredObject | undefined): void {
  const noneMatch = headers["if-none-match"];
  if (noneMatch !== undefined && noneMatch !== "*") throw new WireError(501, "NotImplemented", "If-None-Match takes * only");
  if (noneMatch === "*" && standing !== undefined) throw preconditionFailed("If-None-Match");
  const match = headers["if-match"];
  if (match === undefined) return;
  if (standing === undefined) throw new WireError(404, "NoSuchKey", "The specified key does not exist.");
  if (match.replaceAll('"', "") !== standing.etag) throw preconditionFailed("If-Match");
}

function preconditionFailed(condition: string): WireError {
  const message = "At least one of the pre-conditions you specified did not hold";
  return new WireError(412, "PreconditionFailed", message, { fields: { Condition: condition } });
}
