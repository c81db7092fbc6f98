import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { SENTINEL } from "./row-text.ts";

/** A named pipe that carries one row text stream into an engine query. */
export interface RowTextPipe extends Disposable {
  readonly path: string;
  /**
   * The writing end, sentinel already written. It takes bytes before the query that reads the pipe has opened it, up to a limit, so that
   * a server works while the query still reads what was told. What is written belongs to the pipe.
   */
  open(signal: AbortSignal): Writable;
  /** Lets a query that waits for a writer which will never come see the end of the stream, until the query has settled. */
  release(query: Promise<unknown>): Promise<void>;
}

/** Makes a named pipe in a folder that other runs may share; disposing removes it. */
export async function createRowTextPipe(folder: string, name: string): Promise<RowTextPipe> {
  // A name of its own, for a run beside this one has such a pipe, too, and one that was killed left its own behind.
  const path = join(folder, `${name}-${randomBytes(6).toString("hex")}.fifo`);
  await promisify(execFile)("mkfifo", ["-m", "600", path]);
  return {
    path,
    open: (signal) => new PipeSink(path, signal),
    release: async (query) => await releaseReader(path, query),
    [Symbol.dispose]: () => rmSync(path, { force: true }),
  };
}

/** What a fast server sends while a query reads the fingerprints of some ten million rows. */
const EARLY_BYTES = 64 * 1024 * 1024;

type Done = (error?: Error | null) => void;

class PipeSink extends Writable {
  readonly #gaveUp = new AbortController();
  #socket: Socket | null = null;
  #early: Buffer[] = [Buffer.from(`${SENTINEL}\n`)];
  #earlyBytes = 0;
  /** A write or an end that waits for the reader. */
  #waiting: (() => void) | null = null;

  constructor(path: string, signal: AbortSignal) {
    super({ decodeStrings: true });
    // Whoever writes learns of a failure from the write; without a listener the event would end the process.
    this.on("error", () => undefined);
    openWriter(path, AbortSignal.any([signal, this.#gaveUp.signal])).then(
      (socket) => this.#opened(socket),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error("the pipe was not opened")),
    );
  }

  #opened(socket: Socket): void {
    if (this.destroyed) return void socket.destroy();
    // The reader's end shows in a write, and in the pipe's own close.
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    this.#socket = socket;
    for (const chunk of this.#early) socket.write(chunk);
    this.#early = [];
    this.#waiting?.();
    this.#waiting = null;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#socket !== null) {
      this.#socket.write(chunk, done);
      return;
    }
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes < EARLY_BYTES) done();
    else this.#waiting = done;
  }

  override _final(done: Done): void {
    const end = (): void => void this.#socket?.end(() => done());
    if (this.#socket === null) this.#waiting = end;
    else end();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#gaveUp.abort();
    this.#socket?.destroy();
    this.#early = [];
    done(error);
  }
}

/**
 * Opens without blocking: a blocking open would sit in libuv's thread pool, where the engine's own queries run, and enough runs
 * at once would wait for each other for ever. For the same reason the bytes go through a socket and not through fs writes.
 */
async function openWriter(path: string, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    signal.throwIfAborted();
    const fd = tryOpen(path);
    if (fd !== null) return new Socket({ fd, readable: false, writable: true });
    await sleep(2, undefined, { signal });
  }
}

/** A reader blocked in open(2) cannot be interrupted; a writer that opens and closes lets it go. */
async function releaseReader(path: string, query: Promise<unknown>): Promise<void> {
  let settled = false;
  const done = query.finally(() => {
    settled = true;
  });
  while (!settled) {
    const fd = tryOpen(path);
    if (fd !== null) closeSync(fd);
    await Promise.race([done, sleep(5)]);
  }
}

function tryOpen(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    // No reader yet.
    if (error instanceof Error && "code" in error && error.code === "ENXIO") return null;
    throw error;
  }
}
