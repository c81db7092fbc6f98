import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { ObjectBody } from "../core/ports.ts";
import type { Part } from "./part-plan.ts";
import { readSlice, wrongHash } from "./send-body.ts";

/** A part with the checksums that its bytes must have when they arrive. */
export interface InspectedPart extends Part {
  readonly crc: number;
  /** Lower-case hex; empty unless it was asked for. */
  readonly sha256: string;
}

/**
 * Reads a body once, in order, and yields each part with its checksums; ends with BYTES_CHANGED when the whole is not what its
 * SHA-256 says. Who sends each part under its checksum, and makes no object before the end is reached, can only make the planned one.
 */
export async function* inspectParts(
  body: ObjectBody,
  parts: readonly Part[],
  hashParts: boolean,
  signal: AbortSignal,
): AsyncGenerator<InspectedPart, void> {
  const whole = createHash("sha256");
  for (const part of parts) {
    let crc = 0;
    const own = hashParts ? createHash("sha256") : null;
    await readSlice(body, part, signal, (chunk) => {
      crc = crc32(chunk, crc);
      whole.update(chunk);
      own?.update(chunk);
    });
    yield { ...part, crc, sha256: own?.digest("hex") ?? "" };
  }
  if (whole.digest("hex") !== body.sha256) throw wrongHash();
}
