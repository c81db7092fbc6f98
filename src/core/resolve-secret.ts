import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { SyncError } from "./errors.ts";
import { Secret } from "./secret.ts";
import type { SecretCommand, SecretFile, SecretRef } from "./secret.ts";

const MAX_BYTES = 64 * 1024;
const COMMAND_TIMEOUT_MS = 30_000;

/** The secret as it stands now: files are read and commands run anew at every call. Never tells what they held or printed. */
export async function resolveSecret(ref: SecretRef, signal: AbortSignal, timeoutMs = COMMAND_TIMEOUT_MS): Promise<Secret> {
  signal.throwIfAborted();
  if (ref instanceof Secret) return ref;
  return "file" in ref ? await readSecretFile(ref, signal) : await runSecretCommand(ref, signal, timeoutMs);
}

async function readSecretFile(ref: SecretFile, signal: AbortSignal): Promise<Secret> {
  const what = `the secret file ${ref.file}`;
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  try {
    await using handle = await open(ref.file, "r");
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unavailable(`${what} cannot be read: ${fileProblem(error)}`, "Create the file or mend its path and rights, then run again.");
  }
  return toSecret(bytes.subarray(0, length), what);
}

function runSecretCommand(ref: SecretCommand, signal: AbortSignal, timeoutMs: number): Promise<Secret> {
  const [program = "", ...args] = ref.command;
  const what = `the secret command ${basename(program)}`;
  return new Promise((resolve, reject) => {
    const options = {
      encoding: "buffer" as const,
      maxBuffer: MAX_BYTES,
      timeout: timeoutMs,
      killSignal: "SIGKILL" as const,
      signal,
      windowsHide: true,
      ...(ref.cwd === undefined ? {} : { cwd: ref.cwd }),
    };
    const child = execFile(program, args, options, (error, stdout) => {
      if (error === null) {
        try {
          resolve(toSecret(stdout, what));
        } catch (refused) {
          reject(refused);
        }
      } else if (signal.aborted) {
        reject(signal.reason);
      } else {
        reject(
          unavailable(
            `${what} ${commandProblem(error, timeoutMs)}`,
            "Run the command by hand as the same user and mend what it complains about.",
          ),
        );
      }
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end();
  });
}

function toSecret(bytes: Buffer, what: string): Secret {
  if (bytes.length > MAX_BYTES)
    throw unavailable(`${what} gives more than ${MAX_BYTES / 1024} KiB`, "Name a place that holds the secret alone.");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unavailable(`${what} gives bytes that are not UTF-8 text`, "Store the secret as UTF-8 text.");
  }
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw unavailable(`${what} gives nothing`, "Put the secret there, or name another place.");
  return new Secret(secret);
}

/** The system's error stays out, even as cause: the arguments of a command may be secret themselves. */
function unavailable(message: string, hint: string): SyncError {
  return new SyncError("SECRET_UNAVAILABLE", message, { hint });
}

function fileProblem(error: unknown): string {
  const code = systemCode(error);
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EISDIR") return "it is a folder";
  return code ?? "unknown error";
}

function commandProblem(error: Error, timeoutMs: number): string {
  const code = systemCode(error);
  if (code === "ENOENT") return "was not found (or its working folder does not exist)";
  if (code === "EACCES") return "may not be executed";
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return `printed more than ${MAX_BYTES / 1024} KiB`;
  if ("killed" in error && error.killed === true) return `gave no answer within ${timeoutMs / 1000} s and was stopped`;
  if ("signal" in error && typeof error.signal === "string") return `was ended by ${error.signal}`;
  if ("code" in error && typeof error.code === "number") return `failed with exit code ${error.code}`;
  return `could not be run${code === null ? "" : ` (${code})`}`;
}

function systemCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
