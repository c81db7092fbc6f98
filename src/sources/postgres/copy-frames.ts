const COPY_DATA = 0x64;
const HEADER_BYTES = 5;

/**
 * Tells the rows of a COPY from the server's other messages, whatever way the network cut them. A message is a type byte, a
 * length and a body; one COPY row is one message, so nothing here may cost more than a move of its bytes.
 */
export class CopyFrames {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #bodyBytes = 0;
  #isRows = false;

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
          bytes.copyWithin(rows, read, end);
          rows += end - read;
        } else {
          others(Buffer.from(bytes.subarray(read, end)));
        }
        this.#bodyBytes -= end - read;
        read = end;
      } else {
        read = this.#readHeader(bytes, read, others);
      }
    }
    return rows;
  }

  #readHeader(bytes: Buffer, at: number, others: (bytes: Buffer) => void): number {
    if (this.#headerBytes === 0 && bytes[at] === COPY_DATA && bytes.length - at >= HEADER_BYTES) {
      this.#isRows = true;
      this.#bodyBytes = bytes.readUInt32BE(at + 1) - 4;
      return at + HEADER_BYTES;
    }
    const end = Math.min(at + HEADER_BYTES - this.#headerBytes, bytes.length);
    this.#headerBytes += bytes.copy(this.#header, this.#headerBytes, at, end);
    if (this.#headerBytes < HEADER_BYTES) return end;
    this.#headerBytes = 0;
    this.#isRows = this.#header[0] === COPY_DATA;
    this.#bodyBytes = this.#header.readUInt32BE(1) - 4;
    if (!this.#isRows) others(Buffer.from(this.#header));
    return end;
  }
}
