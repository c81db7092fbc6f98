import { Transform } from "node:stream";

/** Unpacks zstd, as Node itself does only from version 22.15 on. What is no zstd, or ends too early, is an error of the stream. */
export async function createUnzstd(): Promise<Transform> {
  const { Decompress } = await import("fzstd");
  let isEmpty = true;
  const unpacking = new Decompress((chunk) => plain.push(Buffer.from(chunk)));
  const push = (chunk: Uint8Array, isLast: boolean, done: (error?: Error | null) => void): void => {
    try {
      unpacking.push(chunk, isLast);
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error("The data is no zstd."));
    }
  };
  const plain = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      isEmpty &&= chunk.length === 0;
      push(chunk, false, done);
    },
    flush: (done) => (isEmpty ? done() : push(new Uint8Array(), true, done)),
  });
  return plain;
}
