import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import type { PublicKey } from "openpgp";
import { SyncError } from "../core/errors.ts";

/**
 * Encrypts a file with OpenPGP to every recipient (armored public keys), as a stream, and returns the path of the result, which takes its
 * place. Each call draws a new session key, so the same file never gives the same bytes twice.
 */
export async function encryptFile(path: string, recipients: readonly string[], signal: AbortSignal): Promise<string> {
  const openpgp = await import("openpgp");
  const encryptionKeys = await Promise.all(recipients.map(readRecipient));
  const message = await openpgp.createMessage({ binary: Readable.toWeb(createReadStream(path, { highWaterMark: 1 << 18 })) });
  // Whether a file is compressed is what file.compression says.
  const config = { preferredCompressionAlgorithm: openpgp.enums.compression.uncompressed };
  const encrypted: unknown = await openpgp.encrypt({ message, encryptionKeys, format: "binary", config });
  if (!(encrypted instanceof ReadableStream)) throw new SyncError("INTERNAL", "OpenPGP gave no stream for a stream.");
  const sealed = `${path}.pgp`;
  await pipeline(Readable.fromWeb(encrypted), createWriteStream(sealed), { signal });
  await rm(path);
  return sealed;
}

/** The key of a recipient; CONFIG_INVALID when it is none, or nothing can be encrypted to it any more. */
async function readRecipient(armored: string): Promise<PublicKey> {
  const { readKey } = await import("openpgp");
  try {
    const key = await readKey({ armoredKey: armored });
    await key.getEncryptionKey();
    return key.toPublic();
  } catch (error) {
    // Its texts name no part of the key's secret half, which a public key has not anyway.
    const why = error instanceof Error ? error.message : "it cannot be read";
    throw new SyncError("CONFIG_INVALID", `A key of file.pgp.recipients cannot be encrypted to: ${why}.`, {
      hint: "Ask the recipient for a valid public key (gpg --armor --export ADDRESS) and put it in its file.",
    });
  }
}
