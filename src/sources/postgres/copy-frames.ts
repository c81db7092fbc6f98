import { SyncError } from "../../core/errors.ts";

const COPY_DATA = 0x64;
const HEADER_BYTES = 5;

/**
 * Tells the rows of a COPY from the server's other messages, whatever way the network cut them. A message is a type byte, a
 * length and a body; one COPY row is one message, so nothing here may cost more than a move of its bytes. A mark takes the place
 * of each row's header, byte for byte: then rows need not even be moved.
 */
export class CopyFrames {
  readonly #mark: Buffer | null;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #bodyBytes = 0;
  #isRows = false;

  /** `mark`: five bytes to put before each row; null for none. */
  constructor(mark: string | null = null) {
    this.#mark = mark === null ? null : Buffer.from(mark);
    if (this.#mark !== null && this.#mark.length !== HEADER_BYTES)
      throw new SyncError("INTERNAL", "A mark has as many bytes as the header of a message.");
  }

  /**
   * Moves the row bytes in `bytes` to its front and returns how many there are; hands all other messages to `others`, in order.
   * `bytes` is overwritten: its owner gives it away.
   */
  split(bytes: Buffer, others: (bytes: Buffer) => void): number {
    let read = 0;
    let rows = 0;
    while (read < bytes.length) {
      if (this.#bodyBytes > 0) {
        const end = Math.min(read + this.#bodyBytes, bytes.length);
        if (this.#isRows) {
          if (rows < read) bytes.copyWithin(rows, read, end);
          rows += end - read;
        } else {
          others(Buffer.from(bytes.subarray(read, end)));
        }
        this.#bodyBytes -= end - read;
        read = end;
      } else if (this.#headerBytes === 0 && bytes[read] === COPY_DATA && bytes.length - read >= HEADER_BYTES) {
        this.#isRows = true;
        this.#bodyBytes = bytes.readUInt32BE(read + 1) - 4;
        rows = this.#putMark(bytes, rows, 0, HEADER_BYTES);
        read += HEADER_BYTES;
      } else {
        const before = this.#headerBytes;
        const end = Math.min(read + HEADER_BYTES - before, bytes.length);
        this.#headerBytes += bytes.copy(this.#header, before, read, end);
        // A header that the network cut is known by its first byte; its mark takes the places of its two parts.
        if (this.#header[0] === COPY_DATA) rows = this.#putMark(bytes, rows, before, this.#headerBytes);
        if (this.#headerBytes === HEADER_BYTES) this.#endHeader(others);
        read = end;
      }
    }
    return rows;
  }

  #putMark(bytes: Buffer, at: number, from: number, to: number): number {
    const mark = this.#mark;
    if (mark === null) return at;
    for (let byte = from; byte < to; byte += 1) bytes[at + byte - from] = mark[byte] ?? 0;
    return at + to - from;
  }

  #endHeader(others: (bytes: Buffer) => void): void {
    this.#headerBytes = 0;
    this.#isRows = this.#header[0] === COPY_DATA;
    this.#bodyBytes = this.#header.readUInt32BE(1) - 4;
    if (!this.#isRows) others(Buffer.from(this.#header));
  }
}
