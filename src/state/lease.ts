import type { Clock } from "../core/clock.ts";
import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import { leaseSchema, type Lease } from "./documents.ts";
import { numberOf, stateKeys } from "./state-keys.ts";
import { createDocument, readDocument } from "./state-store.ts";

const KEPT = 2;
const SHORTEST_RENEWAL_MS = 1000;

/** This process, as a lease names it. */
export interface LeaseOwner {
  readonly host: string;
  /** Tells two processes apart that have the same host name and number, as a restarted container has. */
  readonly instance: string;
  readonly pid: number;
  /** Whether a process of this host still runs. */
  isRunning(pid: number): boolean;
}

interface LeaseOptions {
  readonly store: ObjectStore;
  readonly stream: string;
  readonly run: string;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  readonly ttlMs: number;
}

/** A stream taken by one run. It saves double work; nothing is unsafe when it is lost, stolen or two hosts hold it. */
export interface HeldLease extends AsyncDisposable {
  readonly seq: number;
}

/** Takes a stream's lease or throws STREAM_BUSY. It is renewed until disposed. */
export async function takeLease(options: LeaseOptions, signal: AbortSignal): Promise<HeldLease> {
  const { store, stream } = options;
  const last = await lastEntry(store, stream, signal);
  if (last !== null && isHeld(last.lease, options)) throw busy(stream, last.lease);
  const seq = (last?.seq ?? -1) + 1;
  if ((await createDocument(store, stateKeys(stream).lease(seq), entry(options, false), signal)) === "exists") {
    const winner = await lastEntry(store, stream, signal);
    throw busy(stream, winner?.lease ?? null);
  }
  await prune(store, stream, signal);
  return new RenewedLease(options, seq);
}

function isHeld(lease: Lease, options: LeaseOptions): boolean {
  if (lease.released || Date.parse(lease.at) + lease.ttlMs <= options.clock.now().getTime()) return false;
  const { owner } = options;
  if (lease.host !== owner.host) return true;
  if (lease.pid === owner.pid) return lease.instance === owner.instance;
  return owner.isRunning(lease.pid);
}

function busy(stream: string, lease: Lease | null): SyncError {
  const who = lease === null ? "another run" : `run ${lease.run} on ${lease.host} (process ${lease.pid})`;
  return new SyncError("STREAM_BUSY", `${stream} is held by ${who}.`, {
    hint: `Wait until it has finished; \`sync status -m ${stream}\` shows it.`,
    retry: "transient",
    context: { stream, ...(lease === null ? {} : { run: lease.run, host: lease.host }) },
  });
}

function entry(options: LeaseOptions, released: boolean): Lease {
  return {
    format: "spillway/lease/1",
    run: options.run,
    host: options.owner.host,
    instance: options.owner.instance,
    pid: options.owner.pid,
    at: options.clock.now().toISOString(),
    ttlMs: options.ttlMs,
    released,
  };
}

async function lastEntry(
  store: ObjectStore,
  stream: string,
  signal: AbortSignal,
): Promise<{ readonly seq: number; readonly lease: Lease } | null> {
  const keys = stateKeys(stream);
  const seqs = (await store.list(keys.leasePrefix, signal)).map(numberOf).filter((seq) => seq !== null);
  if (seqs.length === 0) return null;
  const seq = Math.max(...seqs);
  const lease = await readDocument(store, keys.lease(seq), leaseSchema, signal);
  return lease === null ? null : { seq, lease };
}

async function prune(store: ObjectStore, stream: string, signal: AbortSignal): Promise<void> {
  const entries = await store.list(stateKeys(stream).leasePrefix, signal);
  for (const key of entries.slice(0, -KEPT)) await store.delete(key, signal);
}

class RenewedLease implements HeldLease {
  seq: number;
  readonly #options: LeaseOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #stop = new AbortController();
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions, seq: number) {
    this.#options = options;
    this.seq = seq;
    this.#timer = setInterval(
      () => {
        // A renewal that fails is no failure of the run: the lease only saves work.
        this.#renewing = this.#renewing.then(() => this.#append(false)).catch(() => undefined);
      },
      Math.max(options.ttlMs / 3, SHORTEST_RENEWAL_MS),
    );
    this.#timer.unref();
  }

  async #append(released: boolean): Promise<void> {
    const { store, stream } = this.#options;
    const next = this.seq + 1;
    const outcome = await createDocument(store, stateKeys(stream).lease(next), entry(this.#options, released), this.#stop.signal);
    if (outcome === "exists") clearInterval(this.#timer);
    else this.seq = next;
    await prune(store, stream, this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    await this.#append(true).catch(() => undefined);
    this.#stop.abort();
  }
}
